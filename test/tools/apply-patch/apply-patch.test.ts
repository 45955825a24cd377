import { expect, test } from "bun:test";
import { chmod, readdir, readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { AlephError } from "../../../src/protocol/errors.ts";
import { createFiles, type Files } from "../../../src/sandbox/files.ts";
import { applyPatch } from "../../../src/tools/apply-patch/apply-patch.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp(
  content: Readonly<Record<string, string>> = {},
  change: (files: Files) => Partial<Files> = () => ({}),
) {
  const workspace = await testWorkspace();
  for (const [name, text] of Object.entries(content)) await workspace.write(name, text);
  const real = createFiles({ home: workspace.home });
  const needs = { files: { ...real, ...change(real) } };
  return {
    ...workspace,
    needs,
    call: (patch: string) => callTool(applyPatch, needs, { patch }, workspace.context()),
    text: (name: string) => readFile(join(workspace.path, name), "utf8"),
    names: async () => (await readdir(workspace.path, { recursive: true })).toSorted(),
  };
}

const wrap = (body: string) => `*** Begin Patch\n${body}\n*** End Patch\n`;

test("apply_patch changes, adds, moves and deletes files", async () => {
  await using t = await setUp({ "src/a.ts": "one\ntwo\nthree\n", "old.txt": "x\n", "b.sh": "echo 1\n" });
  await chmod(join(t.path, "b.sh"), 0o755);
  const patch = wrap(
    [
      "*** Update File: src/a.ts",
      "@@",
      " one",
      "-two",
      "+2",
      "+2b",
      " three",
      "*** Add File: notes/new.md",
      "+# New",
      "+",
      "+text",
      "*** Delete File: old.txt",
      "*** Update File: b.sh",
      "*** Move to: bin/c.sh",
      "@@",
      "-echo 1",
      "+echo 2",
    ].join("\n"),
  );
  expect(await t.call(patch)).toEqual({
    ok: true,
    text: "M src/a.ts\nA notes/new.md\nD old.txt\nM b.sh -> bin/c.sh",
  });
  expect(await t.text("src/a.ts")).toBe("one\n2\n2b\nthree\n");
  expect(await t.text("notes/new.md")).toBe("# New\n\ntext\n");
  expect(await t.text("bin/c.sh")).toBe("echo 2\n");
  expect((await stat(join(t.path, "bin/c.sh"))).mode & 0o777).toBe(0o755);
  expect(await t.names()).toEqual(["bin", "bin/c.sh", "notes", "notes/new.md", "src", "src/a.ts"]);
});

test("apply_patch says what it will do before it does it", async () => {
  await using t = await setUp({ "a.txt": "x\n" });
  const patch = wrap("*** Update File: ./a.txt\n@@\n-x\n+y");
  const { tier, plan } = await prepareCall(applyPatch, t.needs, { patch }, t.context());
  expect([tier, plan]).toEqual(["allow", { files: ["M a.txt"], patch }]);
});

test("apply_patch takes a unified diff of Git", async () => {
  await using t = await setUp({ "a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n", "gone.txt": "bye\n", "was.txt": "same\n" });
  const diff = `diff --git a/a.txt b/a.txt
index 111..222 100644
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
 1
-2
+two
 3
@@ -6,3 +6,4 @@ heading
 6
 7
+7b
 8
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1,2 @@
+hello
+there
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-bye
diff --git a/was.txt b/is.txt
similarity index 100%
rename from was.txt
rename to is.txt
`;
  expect((await t.call(diff)).text).toBe("M a.txt\nA new.txt\nD gone.txt\nM was.txt -> is.txt");
  expect(await t.text("a.txt")).toBe("1\ntwo\n3\n4\n5\n6\n7\n7b\n8\n");
  expect(await t.text("new.txt")).toBe("hello\nthere");
  expect(await t.names()).toEqual(["a.txt", "is.txt", "new.txt"]);
});

test("apply_patch finds the place by the line that stands above it, by the number, and at the end", async () => {
  const twice = "function a() {\n  return 1;\n}\nfunction b() {\n  return 1;\n}\n";
  await using t = await setUp({ "a.ts": twice, "b.ts": twice, "c.ts": twice });
  await t.call(wrap("*** Update File: a.ts\n@@ function b() {\n-  return 1;\n+  return 2;"));
  expect(await t.text("a.ts")).toBe("function a() {\n  return 1;\n}\nfunction b() {\n  return 2;\n}\n");
  await t.call("--- a/b.ts\n+++ b/b.ts\n@@ -5 +5 @@\n-  return 1;\n+  return 3;\n");
  expect(await t.text("b.ts")).toBe("function a() {\n  return 1;\n}\nfunction b() {\n  return 3;\n}\n");
  await t.call(wrap("*** Update File: c.ts\n@@\n-  return 1;\n-}\n+}\n*** End of File"));
  expect(await t.text("c.ts")).toBe("function a() {\n  return 1;\n}\nfunction b() {\n}\n");
});

test("apply_patch lets white space differ and keeps that of the file", async () => {
  await using t = await setUp({ "a.py": "def f():  \n\tx = 1\n\ty = 2\n" });
  await t.call(wrap("*** Update File: a.py\n@@\n def f():\n-    x = 1\n+\tx = 3\n     y = 2"));
  expect(await t.text("a.py")).toBe("def f():  \n\tx = 3\n\ty = 2\n");
});

test("apply_patch keeps the line ends of Windows, a missing line end and a mark of the encoding", async () => {
  await using t = await setUp({ "a.txt": "\ufeffone\r\ntwo\r\n", "b.txt": "one\ntwo" });
  await t.call(wrap("*** Update File: a.txt\n@@\n-two\n+2\n*** Update File: b.txt\n@@\n one\n-two\n+2"));
  expect([await t.text("a.txt"), await t.text("b.txt")]).toEqual(["\ufeffone\r\n2\r\n", "one\n2"]);
});

test("apply_patch adds lines to the end, to an empty file, and takes a fenced patch", async () => {
  await using t = await setUp({ "a.txt": "1\n", "empty.txt": "" });
  await t.call(
    `\`\`\`diff\n${wrap("*** Update File: a.txt\n@@\n+2\n*** Update File: empty.txt\n@@\n+first").trim()}\n\`\`\``,
  );
  expect([await t.text("a.txt"), await t.text("empty.txt")]).toEqual(["1\n2\n", "first\n"]);
});

test.each([
  [
    "nothing of a patch",
    'Line 1 of the patch cannot be read: This is no patch: it has neither "*** Begin Patch" nor lines with "---" and "+++"',
  ],
  [
    "*** Begin Patch\n*** Update File: a.txt\n@@\n-x\n+y",
    'Line 5 of the patch cannot be read: "*** End Patch" is missing',
  ],
  [wrap("*** Update File: a.txt"), 'Line 2 of the patch cannot be read: Nothing is changed in "a.txt"'],
  [wrap("*** Update File: a.txt\n@@\n x"), "Line 3 of the patch cannot be read: A part changes nothing"],
  [
    wrap("*** Update File: a.txt\n@@\n*x\n+y"),
    'Line 4 of the patch cannot be read: Each line of a change begins with " ", "+" or "-", not with "*"',
  ],
  [wrap("*** Add File: b.txt\nx"), 'Line 3 of the patch cannot be read: Each line of a new file begins with "+"'],
  [wrap("*** Add File: \n+x"), "Line 2 of the patch cannot be read: A path is missing"],
  [
    wrap("hello"),
    'Line 2 of the patch cannot be read: "hello" is no part of a patch; a file begins with "*** Update File:", "*** Add File:" or "*** Delete File:"',
  ],
  [wrap(""), "The patch changes no file"],
  [
    "diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n",
    "Line 1 of the patch cannot be read: A patch of binary files cannot be applied",
  ],
  [wrap("*** Delete File: a.txt\n*** Update File: ./a.txt\n@@\n-x\n+y"), '"a.txt" stands in the patch more than once'],
])("apply_patch refuses %j", async (patch, message) => {
  await using t = await setUp({ "a.txt": "x\n" });
  expect(await refusalOf(t.call(patch))).toBe(`invalid_params: ${message}`);
  expect(await t.text("a.txt")).toBe("x\n");
});

test("apply_patch changes nothing when one of its changes does not fit", async () => {
  await using t = await setUp({ "a.txt": "one\n", "b.txt": "x\ny\n", "data.bin": "\xff\xfe" });
  const first = "*** Update File: a.txt\n@@\n-one\n+1\n";
  const refusals = await Promise.all(
    [
      "*** Update File: b.txt\n@@\n-z\n+Z",
      "*** Update File: b.txt\n@@ class C\n-x\n+X",
      "*** Update File: b.txt\n@@\n-y\n-x\n+X",
      "*** Update File: none.txt\n@@\n-x\n+X",
      "*** Add File: b.txt\n+x",
      "*** Delete File: none.txt",
      "*** Update File: ../../config.toml\n@@\n-x\n+X",
      "*** Add File: /etc/evil\n+x",
    ].map((second) => refusalOf(t.call(wrap(first + second)))),
  );
  expect(refusals).toEqual([
    'conflict: The change does not fit "b.txt": this line is not in it: "z". Nothing was changed',
    'conflict: The change does not fit "b.txt": the line "class C" is not in it. Nothing was changed',
    'conflict: The change does not fit "b.txt": its lines do not follow each other there, or not in the order of the patch. Nothing was changed',
    'not_found: "none.txt" does not exist',
    'conflict: "b.txt" exists already. Nothing was changed',
    'not_found: "none.txt" does not exist',
    'forbidden: "../../config.toml" is outside of the workspace',
    'forbidden: "/etc/evil" is outside of the workspace',
  ]);
  expect(await t.text("a.txt")).toBe("one\n");
});

test("apply_patch does not write through a link that leads out of the workspace", async () => {
  await using t = await setUp();
  await Bun.write(join(t.userHome, "secret.txt"), "s\n");
  await symlink(join(t.userHome, "secret.txt"), join(t.path, "link.txt"));
  expect(await refusalOf(t.call(wrap("*** Update File: link.txt\n@@\n-s\n+t")))).toStartWith("forbidden: ");
  expect(await refusalOf(t.call(wrap("*** Delete File: link.txt")))).toStartWith("forbidden: ");
});

test("apply_patch puts everything back when the disk refuses in the middle", async () => {
  let writes = 0;
  const failing = ({ write }: Files): Partial<Files> => ({
    write: (...args) =>
      ++writes === 3 ? Promise.reject(new AlephError("storage_failed", "The disk is full")) : write(...args),
  });
  await using t = await setUp({ "a.txt": "a\n", "gone.txt": "g\n" }, failing);
  const patch = wrap(
    "*** Delete File: gone.txt\n*** Update File: a.txt\n@@\n-a\n+A\n*** Add File: new/b.txt\n+b\n*** Add File: c.txt\n+c",
  );
  expect(await refusalOf(t.call(patch))).toBe("storage_failed: The disk is full");
  expect([await t.text("a.txt"), await t.text("gone.txt")]).toEqual(["a\n", "g\n"]);
  expect(await t.names()).toEqual(["a.txt", "gone.txt", "new"]);
});

test("apply_patch gives up on a file that repeats one line for ever", async () => {
  await using t = await setUp({ "a.txt": "a\n".repeat(100_000) });
  const patch = wrap(`*** Update File: a.txt\n@@\n${"-a\n".repeat(50_000)}-b\n+c`);
  const started = performance.now();
  expect(await refusalOf(t.call(patch))).toBe("invalid_params: The file repeats itself too much for a patch");
  expect(performance.now() - started).toBeLessThan(3000);
});

test("apply_patch asks before it changes what Git and shells run by", async () => {
  await using t = await setUp({ "a.txt": "one\n" });
  const moved = wrap(["*** Update File: a.txt", "*** Move to: .envrc", "@@", "-one", "+two"].join("\n"));
  const added = wrap(["*** Add File: .git/hooks/post-checkout", "+two"].join("\n"));
  for (const patch of [moved, added])
    expect((await prepareCall(applyPatch, t.needs, { patch }, t.context())).tier).toBe("ask");
});
