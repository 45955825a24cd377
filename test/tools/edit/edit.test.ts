import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AlephError } from "../../../src/protocol/errors.ts";
import { createFiles } from "../../../src/sandbox/files.ts";
import { edit } from "../../../src/tools/edit/edit.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp(content: string | Uint8Array) {
  const workspace = await testWorkspace();
  await workspace.write("a.txt", content);
  const needs = { files: createFiles({ home: workspace.home }) };
  return {
    ...workspace,
    needs,
    call: (input: object) => callTool(edit, needs, { path: "a.txt", ...input }, workspace.context()),
    text: () => readFile(join(workspace.path, "a.txt"), "utf8"),
  };
}

test("edit replaces the one place", async () => {
  await using t = await setUp("one two three\n");
  expect(await t.call({ old_text: "two", new_text: "2" })).toEqual({ ok: true, text: "Changed a.txt in one place" });
  expect(await t.text()).toBe("one 2 three\n");
});

test("edit takes its texts as they are", async () => {
  await using t = await setUp("price: $& and .*\n");
  await t.call({ old_text: "$& and .*", new_text: "$1 $$ $`" });
  expect(await t.text()).toBe("price: $1 $$ $`\n");
});

test("edit replaces every place when it is told to", async () => {
  await using t = await setUp("a b a b a");
  expect((await t.call({ old_text: "a", new_text: "aa", replace_all: true })).text).toBe("Changed a.txt in 3 places");
  expect(await t.text()).toBe("aa b aa b aa");
});

test("edit refuses what is not there, not unique or not a change, and changes nothing", async () => {
  await using t = await setUp("a b a");
  expect(await refusalOf(t.call({ old_text: "c", new_text: "d" }))).toBe(
    'invalid_params: "old_text" is not in "a.txt"',
  );
  expect(await refusalOf(t.call({ old_text: "a", new_text: "d" }))).toBe(
    'invalid_params: "old_text" is in "a.txt" 2 times, in lines 1, 1',
  );
  expect(await refusalOf(t.call({ old_text: "b", new_text: "b" }))).toBe(
    'invalid_params: "old_text" and "new_text" are the same',
  );
  expect(await refusalOf(t.call({ path: "none", old_text: "b", new_text: "c" }))).toBe(
    'not_found: "none" does not exist',
  );
  expect(await refusalOf(t.call({ path: "/etc/passwd", old_text: "b", new_text: "c" }))).toStartWith("forbidden: ");
  expect(await t.text()).toBe("a b a");
});

test("edit makes several changes, or none of them", async () => {
  await using t = await setUp("one\ntwo\nthree\n");
  const edits = [
    { old_text: "one", new_text: "1" },
    { old_text: "1\ntwo", new_text: "12" },
    { old_text: "e", new_text: "E", replace_all: true },
  ];
  expect((await t.call({ edits })).text).toBe("Changed a.txt in 4 places");
  expect(await t.text()).toBe("12\nthrEE\n");
  const broken = [
    { old_text: "12", new_text: "21" },
    { old_text: "nowhere", new_text: "x" },
  ];
  expect(await refusalOf(t.call({ edits: broken }))).toBe('invalid_params: "old_text" of edit 2 is not in "a.txt"');
  expect(await t.text()).toBe("12\nthrEE\n");
});

test("edit says which of its arguments are missing or too much", async () => {
  await using t = await setUp("a");
  expect(await refusalOf(t.call({ old_text: "a" }))).toBe(
    'invalid_params: "old_text" and "new_text" are needed, or "edits"',
  );
  const one = { old_text: "a", new_text: "b" };
  expect(await refusalOf(t.call({ ...one, edits: [one] }))).toBe(
    'invalid_params: Give either "old_text" and "new_text" or "edits", not both',
  );
  expect(await refusalOf(t.call({ edits: [one, { old_text: "a", new_text: "a" }] }))).toBe(
    'invalid_params: "old_text" and "new_text" are the same in edit 2',
  );
});

test("edit shows what differs in white space only, and where a text stands more than once", async () => {
  await using t = await setUp("head\n\tif (a) {\n\t\tb();\n\t}\nfoo\nfoo\n");
  const hintOf = async (old_text: string) => {
    try {
      await t.call({ old_text, new_text: "x" });
    } catch (thrown) {
      return thrown instanceof AlephError ? [thrown.message, thrown.data.hint] : thrown;
    }
    return undefined;
  };
  expect(await hintOf("if (a) {\n  b();\n}")).toEqual([
    '"old_text" is not in "a.txt"',
    "Lines 2 to 4 differ from it in white space only. They are:\n\tif (a) {\n\t\tb();\n\t}",
  ]);
  expect(await hintOf("foo")).toEqual([
    '"old_text" is in "a.txt" 2 times, in lines 5, 6',
    "Give more of the lines around it, or set replace_all",
  ]);
});

test("edit keeps the line ends of Windows and a byte order mark", async () => {
  await using t = await setUp("\ufeffone\r\ntwo\r\nthree\r\n");
  await t.call({ old_text: "one\ntwo", new_text: "1\n2\n2b" });
  expect(await t.text()).toBe("\ufeff1\r\n2\r\n2b\r\nthree\r\n");
});

test("edit refuses a file that is not text in UTF-8", async () => {
  await using t = await setUp(new Uint8Array([0x61, 0xff, 0x62]));
  expect(await refusalOf(t.call({ old_text: "a", new_text: "c" }))).toBe(
    'invalid_params: "a.txt" is not text in UTF-8',
  );
});

test("edit asks before it changes what shells run by", async () => {
  await using t = await setUp("one\n");
  const input = { path: ".bashrc", old_text: "one", new_text: "two" };
  expect((await prepareCall(edit, t.needs, input, t.context())).tier).toBe("ask");
});
