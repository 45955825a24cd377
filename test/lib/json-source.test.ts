import { expect, test } from "bun:test";
import { parseJson } from "../../src/lib/json-source.ts";

const parse = (text: string, maxDepth = 8) => parseJson(text, { maxDepth });

test.each([
  "null",
  " true ",
  "-1.5e3",
  '"a\\u00e4\\n\\"/"',
  "[]",
  "{}",
  '[1, [2, {"a": false}], "]"]',
  '{"a": {"b": [1, {"c": null}]}, "d,}": "{"}',
])("parseJson reads %s as JSON.parse does", (text) => {
  expect(parse(text)).toMatchObject({ value: JSON.parse(text) });
});

test("parseJson says where each key and each element begins", () => {
  const text = '\ufeff{\n  "a": [1, {"b": 2}],\n  "c": 3\n}';
  const parsed = parse(text);
  expect("entries" in parsed && parsed.entries.map(({ path, start }) => [path, text.slice(start, start + 3)])).toEqual([
    [["a"], '"a"'],
    [["a", 0], "1, "],
    [["a", 1], '{"b'],
    [["a", 1, "b"], '"b"'],
    [["c"], '"c"'],
  ]);
});

test.each([
  ["", 0, "it ends too early"],
  ["{", 1, "a key in quotes is missing"],
  ["{a: 1}", 1, "a key in quotes is missing"],
  ['{"a" 1}', 5, "a colon is missing"],
  ['{"a": }', 6, "a value is missing or is none"],
  ['{"a": 1,}', 8, "a key in quotes is missing"],
  ['{"a": 1 "b": 2}', 8, "a comma or a closing brace is missing"],
  ["[1 2]", 3, "a comma or a closing bracket is missing"],
  ["[1,]", 3, "a value is missing or is none"],
  ["[01]", 2, "a comma or a closing bracket is missing"],
  ['["a\nb"]', 1, "a value is missing or is none"],
  ["1 2", 2, "something follows the value"],
  ["// no\n1", 0, "a value is missing or is none"],
  ['{"a": 1, "a": 2}', 9, "a key is there twice"],
  ['{"__proto__": 1}', 1, '"__proto__" cannot be a key'],
  ["[[[1]]]", 2, "nested deeper than 1"],
])("parseJson refuses %j and says where", (text, start, why) => {
  expect(parse(text, why.endsWith("1") ? 1 : 8)).toEqual({ fault: { message: `Not valid JSON: ${why}`, start } });
});
