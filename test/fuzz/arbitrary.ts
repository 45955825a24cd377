/** Values that a JSON Schema allows, and the same values spoiled in one place. */
import * as fc from "fast-check";

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Text that programs get wrong: controls, halves of surrogate pairs, paths, format strings, names of prototypes. */
const AWKWARD = [
  "",
  " ",
  "\0",
  "\n",
  "\u202e",
  "\ud800",
  "../../etc/passwd",
  "%s%n",
  "__proto__",
  "constructor",
  "🦜".repeat(40),
];

export function allowedBy(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(allowedBy));
  if (schema.allOf) return fc.tuple(...schema.allOf.map(allowedBy)).map((all) => Object.assign({}, ...all));
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => allowedBy({ ...schema, type })));
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer(rangeOf(schema, 1));
    case "number":
      return fc.double({ ...rangeOf(schema, 0), noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return listOf(schema);
    case "object":
      return tableOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** `value` with one of its parts replaced, taken away, or joined by another that nobody asked for. */
export function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const other = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(...AWKWARD, -1, 1e308, 2 ** 53, [], {}),
  );
  return fc.tuple(value, other, fc.nat(), fc.constantFrom("replace", "remove", "add")).map(([whole, part, at, how]) => {
    const places = placesIn(whole);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined || how === "add") return isTable(whole) ? { ...whole, unheard_of: part } : part;
    return changed(whole, place, how === "remove" ? undefined : part);
  });
}

function textOf({ pattern, minLength = 0, maxLength = 64 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern));
    } catch {
      // An assertion of the pattern that cannot be generated: then whatever comes is to be refused.
    }
  }
  const plain = fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 64)), unit: "binary" });
  return fc.oneof(plain, fc.constantFrom(...AWKWARD));
}

function rangeOf(schema: JsonSchema, step: number): { min: number; max: number } {
  const min = schema.minimum ?? (schema.exclusiveMinimum === undefined ? -(2 ** 31) : schema.exclusiveMinimum + step);
  const max = schema.maximum ?? (schema.exclusiveMaximum === undefined ? 2 ** 31 - 1 : schema.exclusiveMaximum - step);
  return { min: Math.max(min, -(2 ** 31)), max: Math.max(min, Math.min(max, 2 ** 31 - 1)) };
}

function listOf({ items, prefixItems, minItems = 0, maxItems = 4 }: JsonSchema): fc.Arbitrary<unknown> {
  if (prefixItems) return fc.tuple(...prefixItems.map(allowedBy));
  const item = typeof items === "object" ? allowedBy(items) : fc.jsonValue({ maxDepth: 1 });
  return fc.array(item, { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) });
}

function tableOf({
  properties,
  required = [],
  additionalProperties,
  propertyNames,
}: JsonSchema): fc.Arbitrary<unknown> {
  if (properties) {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, allowedBy(schema)]));
    return fc.record(fields, { requiredKeys: Object.keys(fields).filter((name) => required.includes(name)) });
  }
  const value =
    typeof additionalProperties === "object" ? allowedBy(additionalProperties) : fc.jsonValue({ maxDepth: 2 });
  const name = propertyNames ? allowedBy(propertyNames).map(String) : fc.string({ maxLength: 12 });
  return fc.dictionary(name, value, { maxKeys: 3 });
}

type Place = readonly (string | number)[];

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  return keys.flatMap((key) => [
    [key],
    ...placesIn((value as Record<string | number, unknown>)[key]).map((rest) => [key, ...rest]),
  ]);
}

function changed(value: unknown, [key, ...rest]: Place, part: unknown): unknown {
  if (Array.isArray(value)) {
    const at = Number(key);
    if (rest.length > 0) return value.with(at, changed(value[at], rest, part));
    return part === undefined ? value.toSpliced(at, 1) : value.with(at, part);
  }
  const copy = { ...(value as Record<string, unknown>) };
  if (rest.length > 0) copy[key!] = changed(copy[key!], rest, part);
  else if (part === undefined) delete copy[key!];
  else copy[key!] = part;
  return copy;
}
