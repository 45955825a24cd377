import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { quickCheck } from "../../src/doctor/database.ts";
import { testFolder } from "../support/folder.ts";

test("quickCheck says ok of a sound database, and its version, also while another connection has it open", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a.db");
  using database = new Database(path);
  database.run("CREATE TABLE t (a)");
  database.run("PRAGMA user_version = 7");
  expect(await quickCheck(path)).toEqual({ said: "ok", version: 7 });
});

test("quickCheck rejects what is no database, and what is not there", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a.db");
  await expect(quickCheck(path)).rejects.toThrow("unable to open");
  writeFileSync(path, Buffer.alloc(8192, 7));
  await expect(quickCheck(path)).rejects.toThrow("not a database");
});
