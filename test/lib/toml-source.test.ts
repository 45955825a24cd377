import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { indexToml, lineAt } from "../../src/lib/toml-source.ts";

const SAMPLE = `# comment with [brackets] and a = b
top = "a # no comment" # a comment
"quo\\u0074ed.key" = 'lit''  # x
 [a.b] # header
x.y = 1_000
arr = [ # start
  "one", # ]
  { in = 'x', deep.er = [1, 2] },
]
text = """
[not.a.header]
k = 1 ""\\" still"""""
lit = '''it's ]'''
when = 1979-05-27 07:32:00Z # date
[[list]]
n = 1
[list.sub]
m = 2
[[list]]
n = 3
[[list.inner]]
i = 1
`.replace("'lit''", "'lit'");

/** The value at a path of a parsed document. */
const valueAt = (document: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], document);

describe("indexToml", () => {
  test("finds each key with its path, kind, line and value", () => {
    const found = indexToml(SAMPLE).map((entry) => {
      const { path, kind, start, valueStart, end } = entry;
      return `${lineAt(SAMPLE, start)} ${kind} ${path.join("/")} ${SAMPLE.slice(valueStart, end).replace(/\n/g, "⏎")}`;
    });
    expect(found).toEqual([
      '2 key top "a # no comment"',
      "3 key quoted.key 'lit'",
      "4 header a/b ",
      "5 key a/b/x/y 1_000",
      "6 key a/b/arr [ # start⏎  \"one\", # ]⏎  { in = 'x', deep.er = [1, 2] },⏎]",
      '7 inner a/b/arr/0 "one"',
      "8 inner a/b/arr/1 { in = 'x', deep.er = [1, 2] }",
      "8 inner a/b/arr/1/in 'x'",
      "8 inner a/b/arr/1/deep/er [1, 2]",
      "8 inner a/b/arr/1/deep/er/0 1",
      "8 inner a/b/arr/1/deep/er/1 2",
      '10 key a/b/text """⏎[not.a.header]⏎k = 1 ""\\" still"""""',
      "13 key a/b/lit '''it's ]'''",
      "14 key a/b/when 1979-05-27 07:32:00Z",
      "15 header list/0 ",
      "16 key list/0/n 1",
      "17 header list/0/sub ",
      "18 key list/0/sub/m 2",
      "19 header list/1 ",
      "20 key list/1/n 3",
      "21 header list/1/inner/0 ",
      "22 key list/1/inner/0/i 1",
    ]);
  });

  test("knows line ends of all kinds, a byte order mark and a text without a last line end", () => {
    const text = "\ufeffa = 1\r\n\r\n[b]\r\nc = 2";
    expect(indexToml(text).map((entry) => [entry.path, lineAt(text, entry.start)])).toEqual([
      [["a"], 1],
      [["b"], 3],
      [["b", "c"], 4],
    ]);
    expect(indexToml("")).toEqual([]);
    expect(indexToml("# only\n\n")).toEqual([]);
  });

  test("each value that a parser finds stands where the index says, whatever the document", () => {
    const key = fc
      .oneof(fc.constantFrom("a", "b.c", "d e", "1", '"', "ä", "#", ""), fc.string({ maxLength: 4 }))
      .filter((name) => name !== "__proto__" && name.isWellFormed());
    const text = fc
      .oneof(
        fc.string({ unit: "grapheme", maxLength: 8 }),
        fc.constantFrom('"""', "'''", "]", "}", "# x", "\\", "a\nb", "="),
      )
      .filter((value) => value.isWellFormed());
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        text,
        fc.integer(),
        fc.boolean(),
        fc.double({ noNaN: true }),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (document) => {
        const source = stringify(document);
        const parsed = parse(source);
        const seen = new Set<string>();
        for (const { path, kind, valueStart, end } of indexToml(source)) {
          seen.add(JSON.stringify(path));
          const found = valueAt(parsed, path);
          if (kind !== "header") expect(parse(`v = ${source.slice(valueStart, end)}`).v).toEqual(found as never);
        }
        const leaves = (at: unknown, path: readonly (string | number)[]): void => {
          if (typeof at !== "object" || at === null) expect(seen.has(JSON.stringify(path))).toBe(true);
          else if (Array.isArray(at)) for (const [index, item] of at.entries()) leaves(item, [...path, index]);
          else for (const [name, item] of Object.entries(at)) leaves(item, [...path, name]);
        };
        leaves(parsed, []);
      }),
      { numRuns: 300 },
    );
  });
});
