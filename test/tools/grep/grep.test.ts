import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { createFiles } from "../../../src/sandbox/files.ts";
import { grep } from "../../../src/tools/grep/grep.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const needs = { files: createFiles({ home: workspace.home }) };
  return {
    ...workspace,
    call: (input: object, signal = new AbortController().signal) =>
      callTool(grep, needs, input, workspace.context({ signal })),
  };
}

test.each([
  [{ pattern: "h.llo" }, "a.txt:1: hello world\nsrc/b.ts:2: const hello = 1;"],
  [{ pattern: "^Hello" }, "a.txt:3: Hello again"],
  [{ pattern: "hello", ignore_case: true }, "a.txt:1: hello world\na.txt:3: Hello again\nsrc/b.ts:2: const hello = 1;"],
  [{ pattern: "(1)", literal: true }, "src/b.ts:3: call(1)"],
  [{ pattern: "CALL(", literal: true, ignore_case: true }, "src/b.ts:3: call(1)"],
  [{ pattern: "hello", glob: "*.ts" }, "src/b.ts:2: const hello = 1;"],
  [{ pattern: "hello", glob: "src/**" }, "src/b.ts:2: const hello = 1;"],
  [{ pattern: "hello", path: "src" }, "src/b.ts:2: const hello = 1;"],
  [{ pattern: "hello", path: "a.txt" }, "a.txt:1: hello world"],
  [{ pattern: "\\bgrün\\b|größe" }, "a.txt:4: die größe"],
  [{ pattern: "world$" }, "a.txt:1: hello world"],
  [{ pattern: "nowhere" }, "No line matches"],
  [{ pattern: "hel", word: true }, "No line matches"],
  [{ pattern: "hello|x", word: true, path: "src" }, "src/b.ts:2: const hello = 1;"],
  [{ pattern: "hello", output: "files" }, "a.txt\nsrc/b.ts"],
  [{ pattern: "e", output: "count" }, "a.txt: 3\nsrc/b.ts: 1"],
  [{ pattern: "hello", type: "ts" }, "src/b.ts:2: const hello = 1;"],
  [{ pattern: "hello", type: "py" }, "No line matches"],
  [{ pattern: "hello", hidden: true, path: ".secret" }, ".secret:1: hello"],
  [{ pattern: "hello", glob: ".secret" }, ".secret:1: hello"],
  [{ pattern: "hello", no_ignore: true, glob: "*.ts" }, "node_modules/c.ts:1: hello\nsrc/b.ts:2: const hello = 1;"],
  [
    { pattern: "hello", context: 1 },
    "a.txt:1: hello world\na.txt-2- \n--\nsrc/b.ts-1- \nsrc/b.ts:2:   const hello = 1;\nsrc/b.ts-3- call(1)",
  ],
  [{ pattern: "größe", before: 1 }, "a.txt-3- Hello again\na.txt:4: die größe"],
  [{ pattern: "world\n+Hello", multiline: true }, "a.txt:1: hello world\na.txt:2: \na.txt:3: Hello again"],
  [{ pattern: "(?s)const.*call", multiline: true }, "src/b.ts:2: const hello = 1;\nsrc/b.ts:3: call(1)"],
  [{ pattern: "^call", multiline: true }, "src/b.ts:3: call(1)"],
  [
    { pattern: "hello", limit: 1 },
    "a.txt:1: hello world\n[more than 1 lines match; use a narrower pattern, path or glob]",
  ],
])("grep finds %j", async (input, text) => {
  await using t = await setUp();
  await t.write("a.txt", "hello world\r\n\nHello again\ndie größe");
  await t.write("src/b.ts", "\n  const hello = 1;\ncall(1)\n");
  await t.write("node_modules/c.ts", "hello");
  await t.write(".git/d", "hello");
  await t.write(".secret", "hello");
  expect(await t.call(input)).toEqual({ ok: true, text });
});

test.each(["(", "[a", "a**", "(?=x)", "(a)\\1", "a{2000}", "(((a{100}){100}){100})"])(
  "grep says what is wrong with the pattern %s",
  async (pattern) => {
    await using t = await setUp();
    expect(await refusalOf(t.call({ pattern }))).toStartWith('invalid_params: "pattern" is not a regular expression: ');
  },
);

test("grep keeps the event loop free with patterns that hang a backtracking engine", async () => {
  await using t = await setUp();
  await t.write("a.txt", `${"a".repeat(5000)}!\n`.repeat(20));
  await t.write("b.txt", `${"x".repeat(50_000)}\n`);
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  for (const pattern of ["^(a+)+$", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)(.*)z1", "(x+x+)+y", "(a?){50}a{50}b"]) {
    expect((await t.call({ pattern })).text).toBe("No line matches");
  }
  clearInterval(watch);
  // In a backtracking engine the second of these takes longer than the universe is old.
  expect(longest).toBeLessThan(1500);
});

test("grep lets others have their turn in a long search", async () => {
  await using t = await setUp();
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => t.write(`${index}.txt`, "some line of text here\n".repeat(20_000))),
  );
  let turns = 0;
  const watch = setInterval(() => turns++, 1);
  await t.call({ pattern: "(here|there) nowhere" });
  clearInterval(watch);
  expect(turns).toBeGreaterThan(3);
});

test("grep stops when it is told to", async () => {
  await using t = await setUp();
  await t.write("a.txt", "hello\n");
  expect(await refusalOf(t.call({ pattern: "hello" }, AbortSignal.abort()))).toContain("abort");
});

test("grep leaves out binary and very large files and says so", async () => {
  await using t = await setUp();
  await t.write("a.bin", "hello\0");
  await t.write("b.txt", "hello".repeat(2_000_000));
  await t.write("c.txt", "hello\n");
  expect((await t.call({ pattern: "hello" })).text).toBe(
    "c.txt:1: hello\n[2 binary, unreadable or very large files left out]",
  );
});

test("grep stops after 250 lines and shortens long ones", async () => {
  await using t = await setUp();
  await t.write("a.txt", `${"hit ".repeat(200)}\n`.repeat(300));
  const lines = (await t.call({ pattern: "hit" })).text.split("\n");
  expect([lines.length, lines.at(-1)]).toEqual([
    251,
    "[more than 250 lines match; use a narrower pattern, path or glob]",
  ]);
  expect(lines[0]!.length).toBeLessThan(320);
});

test("grep leaves out what .gitignore names and says which kinds of files it knows", async () => {
  await using t = await setUp();
  await t.write(".gitignore", "/out/\n");
  await t.write("out/a.txt", "hello");
  expect((await t.call({ pattern: "hello" })).text).toBe("No line matches");
  expect((await t.call({ pattern: "hello", no_ignore: true })).text).toBe("out/a.txt:1: hello");
  expect((await t.call({ pattern: "hello", path: "out" })).text).toBe("out/a.txt:1: hello");
  expect(await refusalOf(t.call({ pattern: "x", type: "pyy" }))).toBe(
    'invalid_params: "type" is not a known kind of file: "pyy"',
  );
});

test("grep reads UTF-16 and passes over a mark at the beginning", async () => {
  await using t = await setUp();
  await t.write("a.txt", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("hello größe\n", "utf16le")]));
  await t.write("b.txt", "\uFEFFhello");
  expect((await t.call({ pattern: "^hello" })).text).toBe("a.txt:1: hello größe\nb.txt:1: hello");
});

test("grep does not follow links out of the workspace", async () => {
  await using t = await setUp();
  await Bun.write(join(t.userHome, "secret.txt"), "hello secret");
  await symlink(t.userHome, join(t.path, "out"));
  await symlink(join(t.userHome, "secret.txt"), join(t.path, "link.txt"));
  expect((await t.call({ pattern: "secret" })).text).toBe("No line matches");
  expect(await refusalOf(t.call({ pattern: "secret", path: "out" }))).toStartWith("forbidden: ");
  expect(await refusalOf(t.call({ pattern: "secret", path: "link.txt" }))).toStartWith("forbidden: ");
});
