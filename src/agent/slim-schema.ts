/**
 * A tool's JSON Schema without what costs tokens in every request and helps no model to write a call: bounds that nobody meets and
 * keys that are refused anyway. The call itself is judged by the whole schema, and what is wrong with it is told.
 */

type Schema = Readonly<Record<string, unknown>>;

const DROPPED: ReadonlySet<string> = new Set(["$schema", "minLength", "maxLength", "pattern", "propertyNames"]);
/** Of schemas by name. */
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions", "patternProperties"]);
const LISTED: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const NESTED: ReadonlySet<string> = new Set(["items", "additionalProperties", "not", "contains"]);

export function slimSchema(schema: Schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
      if (DROPPED.has(key) || isIdle(key, value)) return [];
      if (NAMED.has(key) && isSchema(value)) {
        return [[key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, slim(each)]))]];
      }
      if (LISTED.has(key) && Array.isArray(value)) return [[key, value.map(slim)]];
      return [[key, NESTED.has(key) ? slim(value) : value]];
    }),
  );
}

function slim(value: unknown): unknown {
  return isSchema(value) ? slimSchema(value) : value;
}

/** Bounds that say nothing: of what can be counted at all, or that there is something. */
function isIdle(key: string, value: unknown): boolean {
  if (key === "additionalProperties") return value === false;
  if (key === "exclusiveMinimum") return value === 0;
  if (key === "minimum" || key === "minItems")
    return typeof value === "number" && (value === 1 || value === 0 || !isSmall(value));
  if (key === "maximum" || key === "maxItems") return typeof value === "number" && !isSmall(value);
  return false;
}

function isSmall(value: number): boolean {
  return Math.abs(value) < 1_000_000_000;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
