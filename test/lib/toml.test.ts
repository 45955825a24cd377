import { expect, test } from "bun:test";
import { parseToml } from "../../src/lib/toml.ts";

test("parseToml reads TOML", async () => {
  expect(await parseToml('a = 1\n[b]\nc = ["x"]\n', { maxDepth: 4 })).toEqual({ value: { a: 1, b: { c: ["x"] } } });
});

test.each([
  ["a = 1\nb = secret\n", { message: "Not valid TOML: invalid value", line: 2, column: 5 }],
  ["a = [[[[[[1]]]]]]", { message: expect.stringContaining("Not valid TOML: "), line: 1, column: expect.any(Number) }],
  ['"__proto__" = 1', { message: expect.stringContaining("Not valid TOML: "), line: 1, column: expect.any(Number) }],
])("parseToml tells what is wrong with %j without quoting it", async (text, fault) => {
  const parsed = await parseToml(text, { maxDepth: 4 });
  expect(parsed as unknown).toEqual({ fault });
  expect(JSON.stringify(parsed)).not.toContain("secret");
});
