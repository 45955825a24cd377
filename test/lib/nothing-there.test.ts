import { expect, test } from "bun:test";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { nothingThere } from "../../src/lib/nothing-there.ts";
import { testFolder } from "../support/folder.ts";

test("nothingThere takes a path where nothing is for an answer, and no other failure", async () => {
  await using folder = await testFolder();
  await Bun.write(join(folder.path, "file"), "");
  for (const path of ["none", "none/below", "file/below"]) {
    expect(await lstat(join(folder.path, path)).catch(nothingThere)).toBeUndefined();
  }
  await expect(lstat(join(folder.path, "x".repeat(300))).catch(nothingThere)).rejects.toMatchObject({
    code: "ENAMETOOLONG",
  });
});
