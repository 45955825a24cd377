import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { JsonSchema } from "../../src/config/json-schema.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { NAME_TABLES, normalise, normalisePath, toSnakeCase } from "../../src/config/normalise.ts";

describe("normalise", () => {
  test("spells keys in snake_case, also in arrays, and leaves names, headers and a kind's own tables alone", () => {
    const { document, problems } = normalise({
      gateway: { allowedOrigins: ["https://a"], maxPayload: 2048 },
      models: { aliases: { myFast: "a/b" } },
      providers: {
        myProxy: {
          apiKey: "k",
          baseURL: "http://a",
          headers: { xTraceId: "1" },
          models: [{ id: "m", contextWindow: 5, price: { input: 1, output: 2, cacheRead: 3 } }],
          extraBody: { maxTokens: 1, deep: [{ topK: 2 }] },
        },
      },
      agents: { myAgent: { promptFiles: ["A.md"] } },
    });
    expect(problems).toEqual([]);
    expect(document).toEqual({
      gateway: { allowed_origins: ["https://a"], max_payload: 2048 },
      models: { aliases: { myFast: "a/b" } },
      providers: {
        myProxy: {
          api_key: "k",
          base_url: "http://a",
          headers: { xTraceId: "1" },
          models: [{ id: "m", context_window: 5, price: { input: 1, output: 2, cache_read: 3 } }],
          extra_body: { maxTokens: 1, deep: [{ topK: 2 }] },
        },
      },
      agents: { myAgent: { prompt_files: ["A.md"] } },
    });
  });

  test("knows each table of names that the schema has", () => {
    const found: string[] = [];
    const walk = (schema: JsonSchema | undefined, pattern: string): void => {
      if (!schema) return;
      for (const branch of schema.anyOf ?? []) walk(branch, pattern);
      walk(schema.items, pattern);
      if (schema.propertyNames) found.push(pattern);
      const below = (name: string) => (pattern === "" ? name : `${pattern}.${name}`);
      if (schema.propertyNames && typeof schema.additionalProperties === "object") {
        walk(schema.additionalProperties, below("*"));
      }
      for (const [name, property] of Object.entries(schema.properties ?? {})) walk(property, below(name));
    };
    walk(configJsonSchema(), "");
    expect(found.toSorted()).toEqual([...NAME_TABLES].toSorted());
  });

  test("refuses two spellings of one key", () => {
    expect(normalise({ gateway: { allowed_origins: [], allowedOrigins: [] } }).problems).toEqual([
      { path: ["gateway", "allowedOrigins"], message: 'is the same key as "allowed_origins"; keep one of them' },
    ]);
  });

  test.each([
    [{ require_auth: true }, { mode: "token" }],
    [{ require_auth: false }, { mode: "none" }],
    [{ requireAuth: false }, { mode: "none" }],
    [{ require_auth: true, mode: "token" }, { mode: "token" }],
  ])("replaces the legacy key in %p", (auth, expected) => {
    expect(normalise({ auth })).toEqual({ document: { auth: expected }, problems: [] });
  });

  test("refuses a legacy key that is no boolean or contradicts", () => {
    const path = ["auth", "require_auth"];
    expect(normalise({ auth: { require_auth: "yes" } }).problems).toEqual([
      { path, message: 'must be true or false; better write mode = "token" or mode = "none"' },
    ]);
    expect(normalise({ auth: { require_auth: true, mode: "none" } }).problems).toEqual([
      { path, message: "contradicts mode; remove it, mode is enough" },
    ]);
  });

  test("refuses dates, null, __proto__ and depth, and drops undefined", () => {
    expect(normalise({ log: { level: undefined } })).toEqual({ document: { log: {} }, problems: [] });
    expect(normalise({ a: new Date(0) }).problems).toEqual([
      { path: ["a"], message: "must not be a date; put it in quotes" },
    ]);
    expect(normalise({ a: null }).problems).toEqual([
      { path: ["a"], message: "must have a value; leave the key out instead" },
    ]);
    expect(normalise({ a: null, b: { c: null } }, { patch: true })).toEqual({
      document: { a: null, b: { c: null } },
      problems: [],
    });
    expect(normalise({ a: [1, null] }, { patch: true }).problems).toEqual([
      { path: ["a", 1], message: "must have a value" },
    ]);
    const hostile = normalise(JSON.parse('{"a": {"__proto__": {"polluted": true}}}'));
    expect(hostile.problems).toEqual([{ path: ["a", "__proto__"], message: '"__proto__" cannot be a key' }]);
    expect(Object.getPrototypeOf(hostile.document.a)).toBe(Object.prototype);
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = depth % 2 ? [deep] : { a: deep };
    expect(normalise({ deep })).toEqual({
      document: {},
      problems: [{ path: [], message: "Nests deeper than 32 levels" }],
    });
  });

  test("of a normalised document changes nothing, and never changes its input", () => {
    const key = fc.oneof(
      fc.constantFrom(
        "providers",
        "models",
        "aliases",
        "headers",
        "gateway",
        "allowedHosts",
        "fooBarURL",
        "constructor",
      ),
      fc.string(),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (input) => {
        const copy = structuredClone(input);
        const once = normalise(input);
        expect(input).toEqual(copy);
        if (once.problems.length > 0) return;
        expect(normalise(once.document)).toEqual({ document: once.document, problems: [] });
      }),
    );
  });
});

test("normalisePath spells a path as normalise does", () => {
  expect(normalisePath(["gateway", "allowedOrigins", 0])).toEqual(["gateway", "allowed_origins", 0]);
  expect(normalisePath(["providers", "myProxy", "baseURL"])).toEqual(["providers", "myProxy", "base_url"]);
  expect(normalisePath(["providers", "p", "models", 1, "contextWindow"])).toEqual([
    "providers",
    "p",
    "models",
    1,
    "context_window",
  ]);
  expect(normalisePath(["providers", "p", "headers", "xTrace"])).toEqual(["providers", "p", "headers", "xTrace"]);
});

test.each([
  ["allowedOrigins", "allowed_origins"],
  ["baseURL", "base_url"],
  ["URLBase", "URLBase"],
  ["apiKey2Value", "api_key2_value"],
  ["snake_case", "snake_case"],
  ["x-Header", "x-Header"],
  ["lower", "lower"],
  ["", ""],
])("toSnakeCase: %p is %p", (from, to) => {
  expect(toSnakeCase(from)).toBe(to);
});

test("normalise: an interface's keys are spelled in snake_case, what is below belongs to its channel", () => {
  const { document } = normalise({
    interfaces: { myChat: { allowFrom: ["1"], groups: { aB: { requireMention: true } } } },
  });
  expect(document).toEqual({
    interfaces: { myChat: { allow_from: ["1"], groups: { aB: { requireMention: true } } } },
  });
});
