/** Checks a normalised document against the schema and says what is wrong in words for people. Loads zod. */
import { nearest } from "../lib/nearest.ts";
import { describeUnknownKey, findFaults } from "../lib/schema-faults.ts";
import { configJsonSchema, type JsonSchema, keysAt, listKnownKeys } from "./json-schema.ts";
import type { Path, Table } from "./normalise.ts";
import { MAX_ISSUES, type Problem } from "./problem.ts";
import { configSchema } from "./schema.ts";
import { isReference } from "./secrets.ts";

/** Empty when the document is valid. */
export function validateDocument(document: Table): Problem[] {
  let schema: JsonSchema | undefined;
  return findFaults(configSchema, document, {
    limit: MAX_ISSUES,
    // A reference is checked when it is resolved; here it only stands for a string.
    isReference,
    unknownKey(key, path) {
      schema ??= configJsonSchema();
      return unknownKey(key, path, schema);
    },
  });
}

/** The nearest key of the same table; otherwise a key of that name elsewhere; otherwise what the table knows. */
function unknownKey(key: string, table: Path, schema: JsonSchema): string {
  const known = keysAt(schema, table);
  if (nearest(key, known) === undefined) {
    const elsewhere = listKnownKeys(schema).find((other) => other.key.split(".").at(-1) === key);
    if (elsewhere) return `unknown key here; did you mean "${elsewhere.key}"`;
  }
  return describeUnknownKey(key, known);
}
