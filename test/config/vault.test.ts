import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVault } from "../../src/config/vault.ts";
import { configHome, refusal } from "../support/config.ts";

test("a vault keeps a secret where its owner alone reads it, and drops it again", async () => {
  await using own = await configHome();
  const vault = createVault(own.home);
  expect(await vault.keep("openai", "sk-x", "file")).toBe("file:credentials/openai");
  const path = join(own.home.credentials, "openai");
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["sk-x\n", 0o600]);
  await vault.drop("openai", "file:credentials/other");
  await vault.drop("openai", "env:OPENAI_API_KEY");
  expect(existsSync(path)).toBe(true);
  await vault.drop("openai", "file:credentials/openai");
  expect(existsSync(path)).toBe(false);
});

test.each([
  "token",
  "password",
  "audit-key",
  "media-key",
  "device-key",
  "node.pem",
  "center.json",
  "tls",
  "mcp",
  "Token",
])("a vault puts nothing in the place of Aleph's own %s, and takes nothing from there", async (name) => {
  await using own = await configHome();
  const vault = createVault(own.home);
  const path = join(own.home.credentials, name);
  writeFileSync(path, "its own", { mode: 0o600 });
  expect(await vault.keep(name, "sk-x", "file")).toBe(`file:credentials/provider-${name}`);
  await vault.drop(name, `file:credentials/${name}`);
  expect(readFileSync(path, "utf8")).toBe("its own");
});

test("a vault keeps two names apart whose files would be one", async () => {
  await using own = await configHome();
  const vault = createVault(own.home);
  const [one, other] = [await vault.keep("token", "a", "file"), await vault.keep("provider-token", "b", "file")];
  expect(one).not.toBe(other);
});

test("a vault says so when it cannot write", async () => {
  await using own = await configHome();
  const vault = createVault({ ...own.home, credentials: join(own.home.path, "nowhere") });
  expect(await refusal(() => vault.keep("openai", "sk-x", "file"))).toMatchObject({ reason: "storage_failed" });
});
