import { expect, test } from "bun:test";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("system.doctor looks at all that the CLI's doctor does, in its order, and at the server itself", async () => {
  await using t = await conversation();
  const { findings, taken_at } = await checked(t.client)("system.doctor", {});
  expect([...new Set(findings.map(({ check }) => check))]).toEqual([
    "home",
    "credentials",
    "config",
    "database",
    "disk",
    "clock",
    "sandbox",
    "interfaces",
    "server",
    "models",
  ]);
  expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
  expect(findings.filter(({ check }) => check === "models").map(({ message }) => message)).toEqual([
    "fake answers with 2 models",
    expect.stringContaining("ECONNREFUSED"),
    "fake/m answers by default",
  ]);
  expect(findings.find(({ check }) => check === "database")).toEqual({
    check: "database",
    status: "ok",
    message: expect.stringMatching(/^aleph\.db is sound, /),
  });
  expect(taken_at).toBeGreaterThan(0);
});

test("system.mend does what a finding names, and the finding is gone", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  const path = join(t.home.credentials, "openai");
  writeFileSync(path, "sk-x\n", { mode: 0o644 });
  chmodSync(t.home.path, 0o755);
  const fixes = async () => (await call("system.doctor", {})).findings.flatMap(({ fix }) => fix ?? []);
  expect(await fixes()).toEqual(["close_home", "close_credentials"]);
  expect(await call("system.mend", { fix: "close_home" })).toEqual({ fix: "close_home" });
  expect(await call("system.mend", { fix: "close_credentials" })).toEqual({ fix: "close_credentials" });
  expect([statSync(path).mode & 0o777, statSync(t.home.path).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await fixes()).toEqual([]);
});

test("system.doctor says so when the config on the disk is not the one in force", async () => {
  await using t = await testApp();
  writeFileSync(t.home.config, "[gateway]\nprot = 1\n", { mode: 0o600 });
  const { findings } = await checked(t.client)("system.doctor", {});
  expect(findings.find(({ check }) => check === "config")).toMatchObject({
    status: "fail",
    message: 'line 2, gateway.prot: unknown key; did you mean "port"',
  });
});

test("system.mend knows no other fix", async () => {
  await using t = await testApp();
  expect(await refusal(() => t.client.call("system.mend", { fix: "everything" as "close_home" }))).toMatchObject({
    reason: "invalid_params",
  });
});
