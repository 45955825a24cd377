import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { testFolder } from "../support/folder.ts";

const SCRIPT = resolve(import.meta.dir, "../../scripts/release.ts");

test.each([
  ["an address without a scheme", ["--url", "releases.example/aleph"]],
  ["an address that nobody fetches from", ["--url", "file:///srv/aleph"]],
  ["a target that is none", ["--url", "https://releases.example/", "plan9-x64"]],
])("release.ts makes nothing, not even a key, for %s", async (_, words) => {
  await using folder = await testFolder();
  const key = join(folder.path, "key.pem");
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, SCRIPT, "--key", key, ...words], { cwd: folder.path });
  expect([exitCode, stderr.toString()]).toEqual([2, expect.stringMatching(/^Usage: /)]);
  expect(existsSync(key)).toBe(false);
});

test("release.ts says when it has made the key that it signs with", async () => {
  await using folder = await testFolder();
  const key = join(folder.path, "key.pem");
  const words = ["--key", key, "--url", "https://releases.example/", `${process.platform}-${process.arch}`];
  // Nothing is built: the folder is no checkout.
  const told = () =>
    Bun.spawnSync([process.execPath, SCRIPT, ...words], {
      cwd: folder.path,
      env: { ...process.env, GIT_CEILING_DIRECTORIES: join(folder.path, "..") },
    }).stderr.toString();
  const made = `${key} is a new key: keep it. Executables that trust another one will not take this release\n`;
  expect(told()).toStartWith(made);
  expect(told()).not.toContain("is a new key");
});
