import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../src/lib/fingerprint.ts";
import { testFolder } from "../support/folder.ts";

test("fingerprint is another one when a file is written or replaced, and empty when there is none", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a");
  expect(fingerprint(path)).toBe("");
  writeFileSync(path, "one");
  const first = fingerprint(path);
  expect(fingerprint(path)).toBe(first);
  writeFileSync(path, "other");
  const second = fingerprint(path);
  writeFileSync(`${path}.new`, "other");
  renameSync(`${path}.new`, path);
  expect(new Set(["", first, second, fingerprint(path)]).size).toBe(4);
  expect(fingerprint(join(path, "below"))).toBe("");
});
