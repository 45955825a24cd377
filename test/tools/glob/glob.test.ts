import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { createFiles } from "../../../src/sandbox/files.ts";
import { glob } from "../../../src/tools/glob/glob.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  for (const name of ["README.md", "src/a.ts", "src/deep/b.ts", "node_modules/m/c.ts", ".git/config", ".hidden/d.ts"]) {
    await workspace.write(name, "");
  }
  const needs = { files: createFiles({ home: workspace.home }) };
  return { ...workspace, call: (input: object) => callTool(glob, needs, input, workspace.context()) };
}

test.each([
  ["**/*.ts", "src/a.ts\nsrc/deep/b.ts"],
  [".hidden/**", ".hidden/d.ts"],
  ["**/.hidden/*", ".hidden/d.ts"],
  ["*.md", "README.md"],
  ["./*.md", "README.md"],
  ["src/*", "src/a.ts"],
  ["**/{a,b}.ts", "src/a.ts\nsrc/deep/b.ts"],
  ["node_modules/**", "node_modules/m/c.ts"],
  [".git/*", ".git/config"],
  ["*.none", "No file matches"],
  ["../*", "No file matches"],
])("glob finds by %s", async (pattern, text) => {
  await using t = await setUp();
  expect(await t.call({ pattern })).toEqual({ ok: true, text });
});

test("glob leaves out what .gitignore names and what is hidden, unless it is told to find it", async () => {
  await using t = await setUp();
  await t.write(".gitignore", "build/\n*.log\n!keep.log\n");
  await t.write("src/.gitignore", "/a.ts\n");
  for (const name of ["build/x.txt", "src/y.log", "src/keep.log", ".env"]) await t.write(name, "");
  const all = { pattern: "**/*" };
  const plain = ["README.md", "src/keep.log", "src/deep/b.ts"];
  expect((await t.call(all)).text.split("\n")).toEqual(plain);
  expect((await t.call({ ...all, path: "src" })).text.split("\n")).toEqual(plain.slice(1));
  expect((await t.call({ ...all, no_ignore: true })).text.split("\n")).toEqual([
    "README.md",
    "build/x.txt",
    "src/a.ts",
    "src/keep.log",
    "src/y.log",
    "src/deep/b.ts",
  ]);
  expect((await t.call({ pattern: "**/*", hidden: true })).text).toContain(".env");
});

test("glob matches below the path that it is given", async () => {
  await using t = await setUp();
  expect((await t.call({ pattern: "*.ts", path: "src" })).text).toBe("src/a.ts");
  await symlink("/etc", join(t.path, "out"));
  expect(await refusalOf(t.call({ pattern: "*", path: "out" }))).toStartWith("forbidden: ");
  expect(await refusalOf(t.call({ pattern: "*", path: "none" }))).toBe('not_found: "none" does not exist');
});

test("glob is quick with patterns made to be slow", async () => {
  await using t = await setUp();
  await t.write(`${"a".repeat(200)}.txt`, "");
  const started = performance.now();
  await t.call({ pattern: `**/${"*a".repeat(60)}b` });
  await t.call({ pattern: `${"**/".repeat(80)}x` });
  await t.call({ pattern: "{*a,*b}".repeat(40) });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("glob stops after 1,000 files and says so", async () => {
  await using t = await setUp();
  await Promise.all(Array.from({ length: 1001 }, (_, index) => t.write(`many/${index}.x`, "")));
  expect((await t.call({ pattern: "**/*.x" })).text).toEndWith("[there may be more; use a narrower pattern or path]");
});
