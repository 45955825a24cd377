import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createFiles } from "../../../src/sandbox/files.ts";
import { list } from "../../../src/tools/list/list.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const needs = { files: createFiles({ home: workspace.home }) };
  return { ...workspace, call: (input: object) => callTool(list, needs, input, workspace.context()) };
}

test("list names what is in a folder", async () => {
  await using t = await setUp();
  expect((await t.call({})).text).toBe("[the folder is empty]");
  await t.write("b.txt", "12");
  await mkdir(join(t.path, "a"));
  await symlink("/etc", join(t.path, "c"));
  expect(await t.call({ path: "." })).toEqual({ ok: true, text: "a/\nb.txt (2 bytes)\nc (link)" });
});

test("list stops after 1,000 entries and says so", async () => {
  await using t = await setUp();
  await Promise.all(Array.from({ length: 1003 }, (_, index) => t.write(`f${index}`, "")));
  expect((await t.call({})).text).toEndWith("\n[3 more entries left out]");
});

test("list refuses what is not a folder in the workspace", async () => {
  await using t = await setUp();
  await t.write("b.txt", "");
  await symlink(t.userHome, join(t.path, "out"));
  expect(await refusalOf(t.call({ path: "b.txt" }))).toBe('invalid_params: "b.txt" is not a folder');
  expect(await refusalOf(t.call({ path: "none" }))).toBe('not_found: "none" does not exist');
  for (const path of ["..", "/", "out"]) expect(await refusalOf(t.call({ path }))).toStartWith("forbidden: ");
});
