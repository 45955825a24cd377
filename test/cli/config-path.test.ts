import { expect, test } from "bun:test";
import { parseConfigPath, parseConfigValue, patchAt, valueAt } from "../../src/cli/config-path.ts";

test.each([
  ["gateway.port", ["gateway", "port"]],
  ['providers."my.proxy".base_url', ["providers", "my.proxy", "base_url"]],
  ["a.'b c'", ["a", "b c"]],
  ["log", ["log"]],
])("parseConfigPath takes %j apart", (text, path) => {
  expect(parseConfigPath(text)).toEqual(path);
});

test.each(["", ".", "a.", ".a", "a..b", 'a."b', 'a"b'])("parseConfigPath refuses %j", (text) => {
  expect(() => parseConfigPath(text)).toThrow(expect.objectContaining({ reason: "invalid_params" }));
});

test("valueAt finds values in tables and lists, and names the nearest key of what is missing", () => {
  const config = { gateway: { port: 1 }, models: { fallbacks: ["a", "b"] } };
  expect(valueAt(config, [])).toEqual(config);
  expect(valueAt(config, ["models", "fallbacks", "1"])).toBe("b");
  const hintFor = (path: string[]) => {
    try {
      return valueAt(config, path);
    } catch (thrown) {
      return (thrown as { data: { hint: string } }).data.hint;
    }
  };
  expect(hintFor(["gateway", "prot"])).toBe("Did you mean gateway.port?");
  expect(hintFor(["xyz"])).toBe("Known: gateway, models");
  expect(hintFor(["gateway", "port", "x"])).toBe("It has no keys below it");
  expect(hintFor(["toString"])).toBe("Known: gateway, models");
});

test("patchAt makes a merge patch", () => {
  expect(patchAt(["a", "b"], null)).toEqual({ a: { b: null } });
});

test.each([
  ["8080", 8080],
  ["-1.5", -1.5],
  ["true", true],
  ['["a", 1]', ["a", 1]],
  ['{"a": {"b": 1}}', { a: { b: 1 } }],
  ['"8080"', "8080"],
  ["openai/gpt-5", "openai/gpt-5"],
  ["127.0.0.1", "127.0.0.1"],
  ["[not json", "[not json"],
  ["", ""],
])("parseConfigValue reads %j", (text, value) => {
  expect(parseConfigValue(text)).toEqual(value);
});
