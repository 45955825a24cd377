import { describe, expect, test } from "bun:test";
import { describeMethods } from "../../src/gateway/openrpc.ts";
import { paramNames } from "../../src/gateway/params.ts";
import { methods } from "../../src/methods/index.ts";
import { eventSchemas } from "../../src/protocol/events.ts";

interface Descriptor {
  readonly name: string;
  readonly required?: boolean;
  readonly schema: object;
}

interface Document {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly methods: readonly {
    readonly name: string;
    readonly summary: string;
    readonly paramStructure: string;
    readonly params: readonly Descriptor[];
    readonly result: Descriptor;
    readonly "x-scope": string;
  }[];
  readonly "x-events": readonly { readonly topic: string; readonly schema: object }[];
  readonly components: { readonly errors: Record<string, { readonly code: number; readonly message: string }> };
}

const TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"];

/** What is wrong with a JSON Schema, as far as its structure goes. */
function faultsOf(schema: unknown, at: string): string[] {
  if (typeof schema === "boolean") return [];
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return [`${at}: no schema`];
  const { type, properties, items, anyOf, oneOf, allOf, required, additionalProperties, $ref, propertyNames } =
    schema as Record<string, unknown>;
  const faults: string[] = [];
  // A schema that is cut out of its document loses what it refers to.
  if ($ref !== undefined) faults.push(`${at}: refers to ${JSON.stringify($ref)}`);
  if (type !== undefined && ![type].flat().every((name) => TYPES.includes(name as string)))
    faults.push(`${at}: type ${JSON.stringify(type)}`);
  for (const [key, value] of Object.entries((properties ?? {}) as object))
    faults.push(...faultsOf(value, `${at}.${key}`));
  for (const list of [anyOf, oneOf, allOf]) {
    if (list !== undefined && !(Array.isArray(list) && list.length > 0)) faults.push(`${at}: an empty choice`);
    for (const [index, value] of ((list ?? []) as unknown[]).entries())
      faults.push(...faultsOf(value, `${at}|${index}`));
  }
  for (const [key, value] of Object.entries({ items, additionalProperties, propertyNames })) {
    if (value !== undefined) faults.push(...faultsOf(value, `${at}/${key}`));
  }
  const known = Object.keys((properties ?? {}) as object);
  for (const name of (required ?? []) as string[])
    if (!known.includes(name)) faults.push(`${at}: requires ${name}, which it has not`);
  return faults;
}

const document = (await describeMethods(methods)) as unknown as Document;

describe("describeMethods", () => {
  test("is an OpenRPC 1.3 document: names, order and schemas as the specification wants them", () => {
    expect(document.openrpc).toMatch(/^1\.3\.\d+$/);
    expect(document.info).toEqual({ title: "Aleph", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document as never);
    const names = document.methods.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary, paramStructure, params, result } of document.methods) {
      expect([summary === "", summary.endsWith("."), paramStructure, result.name]).toEqual([
        false,
        false,
        "either",
        "result",
      ]);
      const keys = params.map((param) => param.name);
      expect(new Set(keys).size).toBe(keys.length);
      // §6.3: required ones stand before optional ones.
      const firstOptional = params.findIndex(({ required }) => !required);
      expect(firstOptional < 0 || params.slice(firstOptional).every(({ required }) => !required)).toBe(true);
      const faults = [
        ...params.flatMap((param) => faultsOf(param.schema, `${name}(${param.name})`)),
        ...faultsOf(result.schema, `${name} result`),
      ];
      expect(faults).toEqual([]);
    }
  });

  test("has every method with its scope, and every event with its shape", async () => {
    const loaded = await Promise.all(Object.values(methods).map((load) => load()));
    expect(document.methods.map(({ name, ...method }) => [name, method["x-scope"]])).toEqual(
      loaded.map(({ name, scope }) => [name, scope]),
    );
    expect(document["x-events"].map(({ topic }) => topic)).toEqual(Object.keys(eventSchemas));
    expect(document["x-events"].flatMap(({ topic, schema }) => faultsOf(schema, topic))).toEqual([]);
  });

  test("leaves room for more fields in what the server sends, and none in what it takes", () => {
    const sent = [
      ...document.methods.map(({ result }) => result.schema),
      ...document["x-events"].map(({ schema }) => schema),
    ];
    expect(JSON.stringify(sent)).not.toContain('"additionalProperties":false');
    const { params } = document.methods.find(({ name }) => name === "session.patch")!;
    expect(JSON.stringify(params.find(({ name }) => name === "tools"))).toContain('"additionalProperties":false');
  });

  test("lists each reason with its number", () => {
    expect(document.components.errors).toMatchObject({
      parse_error: { code: -32700, message: "parse_error" },
      unauthenticated: { code: -32001, message: "unauthenticated" },
      config_invalid: { code: -32010, message: "config_invalid" },
    });
  });

  test("an example: what agent.cancel takes and gives", () => {
    expect(document.methods.find(({ name }) => name === "agent.cancel")).toEqual({
      name: "agent.cancel",
      summary: "Cancel a run: the model stops at once, a tool that is running may finish",
      paramStructure: "either",
      params: [{ name: "run_id", required: true, schema: { type: "string" } }],
      result: {
        name: "result",
        schema: {
          type: "object",
          properties: {
            run_id: { type: "string" },
            status: { type: "string", enum: ["queued", "running", "completed", "failed", "cancelled", "interrupted"] },
          },
          required: ["run_id", "status"],
        },
      },
      "x-scope": "chat",
    });
  });
});

test("paramNames: required ones first, those with a default among the others", async () => {
  const { params } = await methods["agent.steer"]();
  expect(paramNames(params)).toEqual(["run_id", "message"]);
  const create = await methods["session.history"]();
  expect(paramNames(create.params)).toEqual(["session_key", "limit", "before"]);
});
