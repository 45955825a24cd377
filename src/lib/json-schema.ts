/**
 * Checks a value against a JSON Schema that somebody else wrote. Ajv does the work; patterns are matched by RE2, which needs time
 * proportional to the text, and nothing is ever fetched. Loaded at the first use.
 */
import type { Ajv } from "ajv";
import { once } from "./once.ts";
import type { Fault } from "./schema-faults.ts";

type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with a value; empty when it fits. A key that is not known has the message `UNKNOWN_KEY`. */
export type JsonSchemaCheck = (value: unknown) => readonly Fault[];

export const UNKNOWN_KEY = "is not known here";

/** Schemas below a schema, those that it refers to counted as often as they are referred to. */
const MAX_SCHEMAS = 20_000;

/**
 * Makes a check of a schema: 2020-12, or draft-07 when `$schema` says so. Rejects with an `Error` that says why when it is no JSON
 * Schema, when it refers to something outside of itself, when a pattern needs look-around or back-references, or when it is so
 * large that checking could take long.
 */
export type CompileJsonSchema = (schema: Schema) => Promise<JsonSchemaCheck>;

/** What is the same for all schemas is made once for each of these. */
export function createJsonSchemas(): CompileJsonSchema {
  const of2020 = once(async () => new Dialect((await import("ajv/dist/2020.js")).Ajv2020));
  const of07 = once(async () => new Dialect((await import("ajv")).Ajv));
  return async ({ $schema, $id: _, ...schema }) => {
    if (countSchemas(schema, schema, new Map()) > MAX_SCHEMAS) throw new Error("it is too large");
    const isOld = typeof $schema === "string" && /draft-0[67]/.test($schema);
    const { RE2JS } = await import("re2js");
    return (await (isOld ? of07 : of2020)()).compile(schema, (pattern) => {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
      return { test: (text) => compiled.test(text), toString: () => pattern };
    });
  };
}

interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

const OPTIONS = { strict: false, validateFormats: false, logger: false, ownProperties: true } as const;

class Dialect {
  readonly #Ajv: typeof Ajv;
  /** Knows the schema of schemas. */
  readonly #meta: Ajv;

  constructor(OfDialect: typeof Ajv) {
    this.#Ajv = OfDialect;
    this.#meta = new OfDialect(OPTIONS);
  }

  /** In an instance of its own: schemas of different authors may have the same names for different things. */
  compile(schema: Schema, pattern: (source: string) => Pattern): JsonSchemaCheck {
    if (this.#meta.validateSchema(schema) !== true) {
      throw new Error(this.#meta.errorsText(this.#meta.errors, { dataVar: "it" }));
    }
    // The name would be needed in code that is written to a file.
    const regExp = Object.assign(pattern, { code: "undefined" });
    const own = new this.#Ajv({ ...OPTIONS, meta: false, validateSchema: false, allErrors: true, code: { regExp } });
    const validate = own.compile(schema);
    return (value) => (validate(value) ? [] : faultsOf(validate.errors ?? []));
  }
}

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** Says of several ways to be right only where each of them fails. */
const OUTER = new Set(["anyOf", "oneOf", "if", "allOf", "not"]);

function faultsOf(errors: readonly AjvError[]): Fault[] {
  const inner = errors.filter(({ keyword }) => !OUTER.has(keyword));
  const faults = (inner.length > 0 ? inner : errors).map(faultOf);
  // The alternatives of one place become one sentence.
  const byPlace = new Map<string, Fault>();
  for (const fault of faults) {
    const key = JSON.stringify(fault.path);
    const known = byPlace.get(key);
    if (!known) byPlace.set(key, fault);
    else if (!known.message.split(", or ").includes(fault.message)) {
      byPlace.set(key, { ...known, message: `${known.message}, or ${fault.message}` });
    }
  }
  return [...byPlace.values()];
}

function faultOf({ instancePath, keyword, params, message = "is not valid" }: AjvError): Fault {
  const path = instancePath.split("/").slice(1).map(unescapePointer);
  switch (keyword) {
    case "required":
    case "dependentRequired":
      return { path: [...path, String(params.missingProperty)], message: "is missing" };
    case "additionalProperties":
      return { path: [...path, String(params.additionalProperty)], message: UNKNOWN_KEY };
    case "unevaluatedProperties":
      return { path: [...path, String(params.unevaluatedProperty)], message: UNKNOWN_KEY };
    case "enum": {
      const values = (params.allowedValues as readonly unknown[]).map((value) => JSON.stringify(value));
      return { path, message: `must be one of ${values.join(", ")}` };
    }
    case "const":
      return { path, message: `must be ${JSON.stringify(params.allowedValue)}` };
    default:
      return { path, message };
  }
}

function unescapePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A schema whose references multiply (ten of them to one that has ten of them, …) is small to read and endless to check. */
function countSchemas(node: unknown, root: Schema, known: Map<unknown, number>): number {
  if (typeof node !== "object" || node === null) return 0;
  const counted = known.get(node);
  if (counted !== undefined) return counted;
  // While it is being counted: what leads back to itself goes one step into the value with each turn.
  known.set(node, 0);
  let count = 1;
  for (const [key, child] of Object.entries(node)) {
    const isReference = (key === "$ref" || key === "$dynamicRef") && typeof child === "string";
    count += countSchemas(isReference ? targetOf(child, root) : child, root, known);
    if (count > MAX_SCHEMAS) break;
  }
  known.set(node, count);
  return count;
}

/** What a pointer such as `#/$defs/name` leads to; names (`#name`) are few and not followed. */
function targetOf(reference: string, root: Schema): unknown {
  if (!reference.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const token of decodeURI(reference).slice(1).split("/").slice(1).map(unescapePointer)) {
    at = typeof at === "object" && at !== null ? (at as Schema)[token] : undefined;
  }
  return at;
}
