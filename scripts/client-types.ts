/** Types of every method and event as text that needs nothing else, from the schemas that validate. */
import * as z from "zod";
import { methods } from "../src/methods/index.ts";
import { connectResult } from "../src/protocol/connect.ts";
import { ERRORS } from "../src/protocol/errors.ts";
import { eventSchemas } from "../src/protocol/events.ts";

interface Schema {
  readonly [key: string]: unknown;
  readonly type?: string | readonly string[];
  readonly description?: string;
}

const WIDTH = 110;

export async function renderTypes(): Promise<string> {
  const loaded = await Promise.all(Object.values(methods).map((load) => load()));
  const api = loaded.map(({ name, summary, scope, params, result }) => {
    const own = [comment(`${summary}. Scope: ${scope ?? "none"}.`, 1), `  ${JSON.stringify(name)}: {`];
    const sides = { params: typeText(params, "input", 2), result: typeText(result, "output", 2) };
    return [...own, `    params: ${sides.params};`, `    result: ${sides.result};`, "  };"].join("\n");
  });
  const events = Object.entries(eventSchemas).map(
    ([topic, schema]) => `  ${JSON.stringify(topic)}: ${typeText(schema, "output", 1)};`,
  );
  return `/** Every method and event of Aleph. Made from the schemas that the server validates with; do not edit. */

/** By the name of the method. What is optional in \`params\` has the server's default. */
export interface Api {
${api.join("\n")}
}

/** By topic: the \`data\` of an event. */
export interface Events {
${events.join("\n")}
}

/** What the server says when it has let a client in. */
export type ConnectResult = ${typeText(connectResult, "output", 0)};

/** Why something was refused or failed. */
export type Reason =
${Object.keys(ERRORS)
  .map((reason) => `  | ${JSON.stringify(reason)}`)
  .join("\n")};
`;
}

/** What goes in or comes out, in TypeScript's words; `depth` is how far it is indented. */
export function typeText(schema: z.ZodType, io: "input" | "output", depth: number): string {
  return typeOf(z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Schema, depth);
}

/** Throws `RangeError` for a schema that nothing here makes: it would be silently wrong. */
function typeOf(schema: Schema, depth: number, root: Schema = schema): string {
  const within = (inner: unknown) => typeOf(inner as Schema, depth, root);
  if (typeof schema.$ref === "string") return within(referred(schema.$ref, root));
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  for (const [key, sign] of [
    ["anyOf", " | "],
    ["oneOf", " | "],
    ["allOf", " & "],
  ] as const) {
    const parts = schema[key];
    if (!Array.isArray(parts)) continue;
    const types = [...new Set(parts.map(within))];
    return types.length === 1 ? types[0]! : types.map((type) => (sign === " & " ? `(${type})` : type)).join(sign);
  }
  if (Array.isArray(schema.type)) {
    return schema.type.map((type: string) => typeOf({ ...schema, type }, depth, root)).join(" | ");
  }
  switch (schema.type) {
    case "string":
      return "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return arrayOf(schema, within);
    case "object":
      return objectOf(schema, depth, root);
    case undefined:
      return "not" in schema ? "never" : "unknown";
    default:
      throw new RangeError(`No type for ${JSON.stringify(schema)}`);
  }
}

function arrayOf({ items, prefixItems }: Schema, within: (schema: unknown) => string): string {
  if (Array.isArray(prefixItems)) return `[${prefixItems.map(within).join(", ")}]`;
  const each = items === undefined ? "unknown" : within(items);
  return / [|&] /.test(each) && !each.startsWith("{")
    ? `(${each})[]`
    : each.includes(" | ")
      ? `Array<${each}>`
      : `${each}[]`;
}

function objectOf(schema: Schema, depth: number, root: Schema): string {
  const {
    properties = {},
    required = [],
    additionalProperties: rest,
    propertyNames,
  } = schema as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    readonly additionalProperties?: boolean | Schema;
    readonly propertyNames?: Schema;
  };
  const keys = Object.entries(properties);
  const open = rest === true || (typeof rest === "object" && Object.keys(rest).length === 0);
  const others = open ? "unknown" : typeof rest === "object" ? typeOf(rest, depth + 1, root) : undefined;
  if (keys.length === 0) {
    if (others === undefined) return "Record<string, never>";
    const name = Array.isArray(propertyNames?.enum) ? typeOf(propertyNames, depth, root) : "string";
    return `Record<${name}, ${others}>`;
  }
  const lines = keys.map(([key, value]) => {
    const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
    const type = typeOf(value, depth + 1, root);
    const mark = required.includes(key) ? "" : "?";
    const orUndefined = mark && !/\bunknown$/.test(type) ? " | undefined" : "";
    return { text: `${name}${mark}: ${type}${orUndefined}`, told: value.description };
  });
  // Any other key may hold anything: what is known keeps its own type.
  if (others !== undefined) lines.push({ text: "[key: string]: unknown", told: undefined });
  const flat = `{ ${lines.map(({ text }) => text).join("; ")} }`;
  if (!lines.some(({ told }) => told) && !flat.includes("\n") && flat.length + depth * 2 < WIDTH) return flat;
  const indent = "  ".repeat(depth + 1);
  const body = lines.map(({ text, told }) => `${told ? `${comment(told, depth + 1)}\n` : ""}${indent}${text};`);
  return `{\n${body.join("\n")}\n${"  ".repeat(depth)}}`;
}

function referred(ref: string, root: Schema): Schema {
  if (ref === "#") throw new RangeError("A schema that holds itself has no flat type");
  return ref
    .slice(2)
    .split("/")
    .reduce<Schema>((schema, key) => schema[key] as Schema, root);
}

function comment(text: string, depth: number): string {
  return `${"  ".repeat(depth)}/** ${text.replaceAll("*/", "*\\/")} */`;
}
