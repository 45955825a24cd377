import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { linkFile } from "../../src/lib/link-file.ts";
import { testFolder } from "../support/folder.ts";

test("linkFile makes a file for the owner alone, never over another one, and leaves nothing else", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "file");
  expect(linkFile(path, "first")).toBe(true);
  expect(linkFile(path, "second")).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("first");
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(["file"]);
  expect(() => linkFile(join(folder.path, "none/file"), "x")).toThrow(expect.objectContaining({ code: "ENOENT" }));
});
