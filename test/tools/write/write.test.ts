import { expect, test } from "bun:test";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createFiles } from "../../../src/sandbox/files.ts";
import { write } from "../../../src/tools/write/write.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const needs = { files: createFiles({ home: workspace.home }) };
  return { ...workspace, needs, call: (input: unknown) => callTool(write, needs, input, workspace.context()) };
}

test("write makes a file with its folders, then replaces it", async () => {
  await using t = await setUp();
  expect(await t.call({ path: "a/b.txt", content: "häl" })).toEqual({ ok: true, text: "Created a/b.txt (4 bytes)" });
  expect(await t.call({ path: "a/b.txt", content: "" })).toEqual({ ok: true, text: "Replaced a/b.txt (0 bytes)" });
  expect(await readFile(join(t.path, "a/b.txt"), "utf8")).toBe("");
});

test("write changes nothing while it is prepared, and its plan is complete", async () => {
  await using t = await setUp();
  const { tier, plan } = await prepareCall(write, t.needs, { path: "a.txt", content: "x" }, t.context());
  expect([tier, plan]).toEqual(["allow", { path: "a.txt", content: "x" }]);
  expect(await Bun.file(join(t.path, "a.txt")).exists()).toBe(false);
});

test("write refuses a place outside, also one that a link leads to", async () => {
  await using t = await setUp();
  await symlink(t.userHome, join(t.path, "out"));
  for (const path of ["/tmp/x", "../x", "out/x", "out/.aleph/config.toml", "../../config.toml"]) {
    expect(await refusalOf(t.call({ path, content: "x" }))).toStartWith("forbidden: ");
  }
  expect(await readFile(t.home.config, "utf8")).toBe("");
});

test("write refuses to replace a folder", async () => {
  await using t = await setUp();
  await t.write("a/b", "");
  expect(await refusalOf(t.call({ path: "a", content: "x" }))).toBe('invalid_params: "a" is a folder, not a file');
});

test("write asks before it changes what Git and shells run by, also through a link", async () => {
  await using t = await setUp();
  await t.write(".git/config", "[core]\n");
  await symlink(join(t.path, ".git"), join(t.path, "harmless"));
  for (const path of [".git/config", "harmless/config", ".envrc"]) {
    const { tier } = await prepareCall(write, t.needs, { path, content: "x" }, t.context());
    expect([path, tier]).toEqual([path, "ask"]);
  }
});
