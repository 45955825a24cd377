import { expect, test } from "bun:test";
import { existsSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "../../src/lib/temporary-folder.ts";

test("temporaryFolder is for its user alone; a folder left long ago goes, no file and no link", async () => {
  const prefix = `aleph-stale-${crypto.randomUUID()}-`;
  const at = (name: string) => join(tmpdir(), prefix + name);
  const longAgo = new Date(Date.now() - 7_200_000);
  for (const name of ["old", "new"]) {
    mkdirSync(at(name));
    writeFileSync(join(at(name), "file"), "x");
  }
  writeFileSync(at("file"), "x");
  symlinkSync(at("new"), at("link"));
  for (const name of ["old", "file"]) utimesSync(at(name), longAgo, longAgo);
  const made = await temporaryFolder(prefix, 3_600_000);
  expect(statSync(made).mode & 0o777).toBe(0o700);
  expect(["old", "new", "file", "link"].map((name) => existsSync(at(name)))).toEqual([false, true, true, true]);
  await Bun.$`rm -rf ${[made, at("new"), at("file"), at("link")]}`;
});
