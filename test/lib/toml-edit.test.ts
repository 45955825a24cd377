import { describe, expect, test } from "bun:test";
import { parse, stringify } from "smol-toml";
import { editToml } from "../../src/lib/toml-edit.ts";

type Table = Record<string, unknown>;

const edit = (
  source: string,
  after: Table,
  pathOf?: (path: readonly (string | number)[]) => readonly (string | number)[],
) => editToml(source, parse(source) as Table, after, { stringify, ...(pathOf ? { pathOf } : {}) });

describe("editToml", () => {
  test.each([
    ["a value, with its comment kept", "a = 1 # one\nb = 2\n", { a: 5, b: 2 }, "a = 5 # one\nb = 2\n"],
    ["a value of several lines", 'a = """x\ny""" # c\nb = 2\n', { a: "z", b: 2 }, 'a = "z" # c\nb = 2\n'],
    [
      "a value in an inline table",
      "[t]\nu = { v = 1, w = [2] } # c\n",
      { t: { u: { v: "x", w: [3, 4] } } },
      '[t]\nu = { v = "x", w = [ 3, 4 ] } # c\n',
    ],
    ["a dotted key", "[t]\nu.v = 1 # c\n", { t: { u: { v: 2 } } }, "[t]\nu.v = 2 # c\n"],
    [
      "an array of tables by one on a line",
      "[t]\na = [1]\n",
      { t: { a: [{ x: [{ y: 1 }] }] } },
      "[t]\na = [ { x = [ { y = 1 } ] } ]\n",
    ],
    ["nothing", "# c\na = 1\n", { a: 1 }, "# c\na = 1\n"],
    [
      "a new key below the last of its table",
      "[t] # t\na = 1 # a\n\n# u\n[u]\n",
      { t: { a: 1, b: 2 }, u: {} },
      "[t] # t\na = 1 # a\nb = 2\n\n# u\n[u]\n",
    ],
    ["a new key in an empty table", "[t]\n[u]\n", { t: { "b c": 2 }, u: {} }, '[t]\n"b c" = 2\n[u]\n'],
    ["a new key at an end without line end", "[t]\na = 1", { t: { a: 1, b: 2 } }, "[t]\na = 1\nb = 2"],
    [
      "new tables at the end",
      "# c\n[t]\na = 1",
      { t: { a: 1, s: { x: 1 } }, u: { y: 2 } },
      "# c\n[t]\na = 1\n\n[t.s]\nx = 1\n\n[u]\ny = 2\n",
    ],
    [
      "a table for a key whose table has only subtables",
      "[t.s]\nx = 1\n",
      { t: { s: { x: 1 }, a: 5 } },
      "[t.s]\nx = 1\n\n[t]\na = 5\n",
    ],
    [
      "a key that is new in an inline table",
      "# c\n[t]\nu = { v = 1 } # u\nw = 2\n",
      { t: { u: { v: 1, x: { y: "z" } }, w: 2 } },
      '# c\n[t]\nu = { v = 1, x = { y = "z" } } # u\nw = 2\n',
    ],
    [
      "keys that go and come in one inline table, and a value in it",
      "t = { a = 1, b = 2, s = { c = 3, d = 4 } } # t\n",
      { t: { b: 5, e: 6, s: { d: 4 } } },
      "t = { b = 5, e = 6, s = { d = 4 } } # t\n",
    ],
    ["the last key of an inline table", "[t]\nu = { v = 1 } # u\n", { t: { u: {} } }, "[t]\nu = {} # u\n"],
    [
      "a new key in a table of dotted keys",
      "t.a = 1 # a\n[k]\nu.v = 1 # v\nx = 3\n",
      { t: { a: 1, b: [2] }, k: { u: { v: 1, "w y": 2 }, x: 3 } },
      't.a = 1 # a\nt.b = [ 2 ]\n[k]\nu.v = 1 # v\nu."w y" = 2\nx = 3\n',
    ],
    [
      "a new table below a table of dotted keys",
      "[k]\nu.v = 1 # v\n",
      { k: { u: { v: 1, s: { x: 1 } } } },
      "[k]\nu.v = 1 # v\n\n[k.u.s]\nx = 1\n",
    ],
    ["a first table", "", { t: { a: 1 } }, "[t]\na = 1\n"],
    ["a key with its line", "[t]\n  a = 1 # gone\nb = [\n 1,\n]\nc = 3\n", { t: { c: 3 } }, "[t]\nc = 3\n"],
    ["a removed and an added key at once", "[t]\na = 1\n[u]\n", { t: { b: 2 }, u: {} }, "[t]\nb = 2\n[u]\n"],
    ["a table with its subtables", "[t]\na = 1\n[k]\nb = 1\n[t.s]\nc = 1\n", { k: { b: 1 } }, "[k]\nb = 1\n"],
    ["a table of dotted keys", "[t]\nu.v = 1\nu.w = 2\nx = 3\n", { t: { x: 3 } }, "[t]\nx = 3\n"],
    ["an array of tables", "a = 1\n[[l]]\nx = 1\n[[l]]\nx = 2\n", { a: 1 }, "a = 1\n"],
    [
      "line ends of two characters",
      "[t]\r\na = 1\r\n",
      { t: { a: 1, b: 2 }, u: { c: 3 } },
      "[t]\r\na = 1\r\nb = 2\r\n\r\n[u]\r\nc = 3\r\n",
    ],
  ])("changes %s", (_what, source, after, expected) => {
    const edited = edit(source, after);
    expect(edited).toBe(expected);
    expect(parse(edited ?? "")).toEqual(after as never);
  });

  test.each([
    ["a table becomes a value", "[t]\na = 1\n", { t: 5 }],
    ["an array of tables changes", "[[l]]\nx = 1\n", { l: [{ x: 2 }] }],
  ])("gives up where %s", (_what, source, after) => {
    expect(edit(source, after)).toBeUndefined();
  });

  test("what it cannot say right, the caller sees by parsing", () => {
    // At the end it is one of the last table.
    const after = { t: { a: 1 }, b: 2 };
    const edited = edit("[t]\na = 1\n", after);
    expect(parse(edited ?? "")).toEqual({ t: { a: 1, b: 2 } });
    expect(parse(edited ?? "")).not.toEqual(after);
  });

  test("finds keys that are spelled otherwise in the text", () => {
    const upper = (path: readonly (string | number)[]) => path.map((key) => String(key).toUpperCase());
    expect(editToml("[t]\na = 1 # c\n", { T: { A: 1 } }, { T: { A: 2 } }, { stringify, pathOf: upper })).toBe(
      "[t]\na = 2 # c\n",
    );
  });
});
