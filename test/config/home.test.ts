import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureHome, homeAt } from "../../src/config/home.ts";
import { testFolder } from "../support/folder.ts";

test("homeAt: everything is below the home, the config file may be elsewhere, and nothing is made", async () => {
  await using folder = await testFolder();
  expect(homeAt("/h").config).toBe("/h/config.toml");
  expect(homeAt("/h", "/etc/aleph.toml")).toMatchObject({
    path: "/h",
    config: "/etc/aleph.toml",
    database: "/h/aleph.db",
  });
  homeAt(join(folder.path, "home"));
  expect(readdirSync(folder.path)).toEqual([]);
});

test("ensureHome: folders for the owner alone, also when the home was there and open", async () => {
  await using folder = await testFolder();
  const home = homeAt(join(folder.path, "a", "home"));
  mkdirSync(home.path, { recursive: true });
  chmodSync(home.path, 0o755);
  ensureHome(home);
  ensureHome(home);
  const modes = Object.fromEntries(
    ["", ...readdirSync(home.path)].map((name) => [name, (statSync(join(home.path, name)).mode & 0o777).toString(8)]),
  );
  expect(modes).toEqual({ "": "700", credentials: "700", workspaces: "700", media: "700", logs: "700", run: "700" });
});

test("ensureHome: throws the system's error when it cannot", async () => {
  await using folder = await testFolder();
  writeFileSync(join(folder.path, "file"), "");
  expect(() => ensureHome(homeAt(join(folder.path, "file", "home")))).toThrow("ENOTDIR");
});
