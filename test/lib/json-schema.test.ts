import { expect, test } from "bun:test";
import { createJsonSchemas, UNKNOWN_KEY } from "../../src/lib/json-schema.ts";

const compile = createJsonSchemas();

const faults = async (schema: Record<string, unknown>, value: unknown) =>
  (await compile(schema))(value).map(({ path, message }) => `${path.join(".")}: ${message}`);

const refusal = (schema: Record<string, unknown>) =>
  compile(schema).then(
    () => undefined,
    (thrown: unknown) => (thrown as Error).message,
  );

const SEARCH = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://example.com/search",
  type: "object",
  properties: {
    query: { type: "string", minLength: 1, pattern: "^[a-z]+$" },
    sort: { enum: ["new", "old"] },
    limit: { type: "integer", maximum: 10 },
    tags: { type: "array", items: { $ref: "#/$defs/tag" } },
    after: { anyOf: [{ type: "string" }, { type: "null" }] },
    kind: { const: "a" },
  },
  required: ["query"],
  additionalProperties: false,
  $defs: { tag: { type: "string", maxLength: 3 } },
};

test("createJsonSchemas gives a check that finds nothing wrong with what fits", async () => {
  expect(await faults(SEARCH, { query: "abc", sort: "new", limit: 3, tags: ["x"], after: null, kind: "a" })).toEqual(
    [],
  );
  expect(await faults({}, { anything: 1 })).toEqual([]);
});

test("createJsonSchemas names each place where a value does not fit", async () => {
  const value = { query: "ABC", sort: "best", limit: 99, tags: ["x", "long", 3], after: 1, kind: "b", "a/b": 1 };
  expect(await faults(SEARCH, value)).toEqual([
    `a/b: ${UNKNOWN_KEY}`,
    'query: must match pattern "^[a-z]+$"',
    'sort: must be one of "new", "old"',
    "limit: must be <= 10",
    "tags.1: must NOT have more than 3 characters",
    "tags.2: must be string",
    "after: must be string, or must be null",
    'kind: must be "a"',
  ]);
  expect(await faults(SEARCH, {})).toEqual(["query: is missing"]);
  expect(await faults(SEARCH, [])).toEqual([": must be object"]);
  expect(await faults({ not: { type: "string" } }, "a")).toEqual([": must NOT be valid"]);
});

test("createJsonSchemas reads draft-07 where the schema says so", async () => {
  const pair = { items: [{ type: "string" }, { type: "number" }] };
  expect(await faults({ ...pair, $schema: "http://json-schema.org/draft-07/schema#" }, ["a", "b"])).toEqual([
    "1: must be number",
  ]);
  expect(await refusal(pair)).toContain("it/items must be object,boolean");
});

test("createJsonSchemas matches patterns in time proportional to the text", async () => {
  const check = await compile({ type: "string", pattern: "^(a+)+$" });
  expect(check("a".repeat(50_000))).toEqual([]);
  expect(check(`${"a".repeat(50_000)}b`)).toHaveLength(1);
  expect(await faults({ patternProperties: { "^x-": { type: "string" } } }, { "x-a": 1, y: 1 })).toEqual([
    "x-a: must be string",
  ]);
  expect(
    await faults({ properties: { a: { pattern: "^\\u0061\\d$" }, b: { pattern: "^z$" } } }, { a: "a1", b: "a1" }),
  ).toEqual(['b: must match pattern "^z$"']);
});

test.each([
  ["is none", { type: "strin" }, "it/type must be equal to one of the allowed values"],
  ["has a part that is none", { properties: { a: { required: "b" } } }, "it/properties/a/required must be array"],
  ["refers to another document", { $ref: "https://example.com/other" }, "can't resolve reference"],
  ["refers to what is not there", { $ref: "#/$defs/none" }, "can't resolve reference"],
  ["looks around in a pattern", { pattern: "(?=a)" }, "(?="],
  ["has a pattern that is none", { pattern: "(" }, "missing closing )"],
])("createJsonSchemas refuses a schema that %s", async (_, schema, told) => {
  expect(await refusal(schema)).toContain(told);
});

test("createJsonSchemas refuses a schema whose references multiply, and takes one that refers to itself", async () => {
  const level = (next: number) => ({ anyOf: Array.from({ length: 10 }, () => ({ $ref: `#/$defs/l${next}` })) });
  const $defs = Object.fromEntries(
    [...Array(12).keys()].map((at) => [`l${at}`, at === 11 ? { type: "null" } : level(at + 1)]),
  );
  expect(await refusal({ $ref: "#/$defs/l0", $defs })).toBe("it is too large");
  const tree = {
    type: "object",
    properties: { left: { $ref: "#" }, right: { $ref: "#" } },
    additionalProperties: false,
  };
  expect(await faults(tree, { left: { right: { left: {} } } })).toEqual([]);
  expect(await faults(tree, { left: { right: { middle: {} } } })).toEqual([`left.right.middle: ${UNKNOWN_KEY}`]);
});
