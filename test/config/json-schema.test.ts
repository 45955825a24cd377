import { describe, expect, test } from "bun:test";
import { parse } from "smol-toml";
import * as z from "zod";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { configJsonSchema, type JsonSchema, keysAt, listKnownKeys } from "../../src/config/json-schema.ts";
import { configHome } from "../support/config.ts";
import { EXAMPLE } from "./example.ts";

/** A validator made from the JSON Schema alone. */
const accepts = (document: unknown): boolean =>
  z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]).safeParse(document).success;

describe("configJsonSchema", () => {
  test("accepts the example, the defaults and nothing at all", () => {
    // Plain objects: the parser's have no prototype.
    expect(accepts(JSON.parse(JSON.stringify(parse(EXAMPLE))))).toBe(true);
    expect(accepts(DEFAULTS)).toBe(true);
    expect(accepts({})).toBe(true);
  });

  test.each([
    [{ unknown: 1 }],
    [{ gateway: { prot: 1 } }],
    [{ gateway: { port: "x" } }],
    [{ gateway: { port: 65536 } }],
    [{ agents: { a: { tools: { alow: [] } } } }],
    [{ providers: { a: { models: [{ id: "x", idd: "y" }] } } }],
    [{ log: { level: "loud" } }],
  ])("refuses %j", (document) => {
    expect(accepts(document)).toBe(false);
  });

  test("is draft 2020-12 with an id, and has every default at its key", async () => {
    await using own = await configHome();
    const schema = await (await own.open()).jsonSchema();
    expect(schema).toEqual(configJsonSchema());
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "urn:aleph:config",
      type: "object",
      additionalProperties: false,
    });
    const defaults: Record<string, unknown> = {};
    const collect = (at: JsonSchema, path: string): void => {
      if (at.default !== undefined) defaults[path] = at.default;
      for (const [key, property] of Object.entries(at.properties ?? {})) collect(property, `${path}/${key}`);
    };
    collect(schema, "");
    const expected: Record<string, unknown> = {};
    const expand = (value: unknown, path: string): void => {
      const maps = ["/models/aliases", "/interfaces", "/mcp/servers", "/a2a/agents", "/webhooks/in", "/webhooks/out"];
      const isMap = maps.includes(path);
      if (typeof value !== "object" || value === null || Array.isArray(value) || isMap) expected[path] = value;
      else for (const [key, item] of Object.entries(value)) expand(item, `${path}/${key}`);
    };
    expand(DEFAULTS, "");
    expect(defaults).toEqual(expected);
  });
});

test("listKnownKeys: names of a person's own stand as <id>, tables in arrays behind []", () => {
  const keys = new Map(listKnownKeys(configJsonSchema()).map((known) => [known.key, known]));
  expect(keys.get("models.aliases.<id>")).toEqual({
    key: "models.aliases.<id>",
    type: "string",
    description: "own names for models",
  });
  expect(keys.get("providers.<id>.models")?.type).toBe("array of string | table");
  expect(keys.get("providers.<id>.models[].price.input")).toEqual({
    key: "providers.<id>.models[].price.input",
    type: "number",
    description: "US dollars per million input tokens",
  });
  expect(keys.get("log.level")).toEqual({
    key: "log.level",
    type: '"debug" | "info" | "warn" | "error"',
    description: "the least important lines that are written",
    default: "info",
  });
});

test("keysAt: the keys of a table, also below names, arrays and alternatives", () => {
  const schema = configJsonSchema();
  expect(keysAt(schema, ["agents", "any", "tools"])).toEqual(["allow", "deny"]);
  expect(keysAt(schema, ["providers", "any", "models", 3, "price"])).toEqual([
    "input",
    "output",
    "cache_read",
    "cache_write",
  ]);
  expect(keysAt(schema, ["nothing", "there"])).toEqual([]);
});
