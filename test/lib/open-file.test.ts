import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFile } from "../../src/lib/open-file.ts";
import { testFolder } from "../support/folder.ts";

describe("openFile", () => {
  test("opens a file for reading alone", async () => {
    await using folder = await testFolder();
    const path = join(folder.path, "notes.md");
    writeFileSync(path, "hello");
    await using file = await openFile(path);
    expect(await file?.readFile("utf8")).toBe("hello");
    expect(file?.writeFile("other")).rejects.toMatchObject({ code: "EBADF" });
  });

  test("gives nothing for a folder and for a pipe that nobody writes to", async () => {
    await using folder = await testFolder();
    mkdirSync(join(folder.path, "inner"));
    expect(Bun.spawnSync(["mkfifo", join(folder.path, "pipe")]).success).toBe(true);
    expect(await openFile(join(folder.path, "inner"))).toBeUndefined();
    expect(await openFile(join(folder.path, "pipe"))).toBeUndefined();
  });

  test("follows no link and says what is not there", async () => {
    await using folder = await testFolder();
    writeFileSync(join(folder.path, "file"), "");
    symlinkSync(join(folder.path, "file"), join(folder.path, "link"));
    expect(openFile(join(folder.path, "link"))).rejects.toMatchObject({ code: "ELOOP" });
    expect(openFile(join(folder.path, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
