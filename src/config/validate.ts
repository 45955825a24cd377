/** Checks a normalised document against the schema and says what is wrong in words for people. Loads zod. */
import type * as z from "zod";
import { nearest } from "../lib/nearest.ts";
import { configJsonSchema, type JsonSchema, keysAt, listKnownKeys } from "./json-schema.ts";
import type { Path, Table } from "./normalise.ts";
import { MAX_ISSUES, type Problem } from "./problem.ts";
import { configSchema } from "./schema.ts";
import { isReference } from "./secrets.ts";

type ZodIssue = z.core.$ZodIssue;

/** Empty when the document is valid. */
export function validateDocument(document: Table): Problem[] {
  const result = configSchema.safeParse(document, { reportInput: true });
  if (result.success) return [];
  const schema = configJsonSchema();
  const problems: Problem[] = [];
  for (const issue of result.error.issues) {
    problems.push(...describe(issue, [], schema));
    if (problems.length >= MAX_ISSUES) break;
  }
  return problems;
}

function describe(issue: ZodIssue, prefix: Path, schema: JsonSchema): Problem[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys
        .slice(0, MAX_ISSUES)
        .map((key) => ({ path: [...path, key], message: unknownKey(key, path, schema) }));
    case "invalid_union":
      return describeUnion(issue, path, schema);
    case "invalid_key":
      return [{ path, message: `the name ${issue.issues[0]?.message ?? "is not allowed"}` }];
    case "invalid_format":
      // A reference is checked when it is resolved; here it only stands for a string.
      return isReference(issue.input) ? [] : [{ path, message: sentence(issue) }];
    default:
      return [{ path, message: sentence(issue) }];
  }
}

function sentence(issue: ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `is missing; it must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`
        : `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}, not ${typeOf(issue.input)}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value": {
      const values = issue.values.map(String);
      const meant = typeof issue.input === "string" ? nearest(issue.input, values) : undefined;
      const list = values.map((value) => JSON.stringify(value)).join(", ");
      return `must be one of ${list}${meant ? `; did you mean ${JSON.stringify(meant)}` : ""}`;
    }
    case "invalid_format":
      return issue.format === "url" ? "must be a web address such as https://example.com" : issue.message;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "a table",
  record: "a table",
};

function typeOf(input: unknown): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "an array";
  if (typeof input === "boolean") return String(input);
  if (typeof input === "number") return Number.isInteger(input) ? "a whole number" : `the number ${input}`;
  return TYPE_NAMES[typeof input] ?? typeof input;
}

/** The faults of the alternative that was meant: the one whose type fits; otherwise what all of them expect. */
function describeUnion(issue: Extract<ZodIssue, { code: "invalid_union" }>, path: Path, schema: JsonSchema): Problem[] {
  const isWrongType = (branch: readonly ZodIssue[]) =>
    branch.some((own) => own.code === "invalid_type" && own.path.length === 0);
  const meant = issue.errors.find((branch) => !isWrongType(branch));
  if (meant) return meant.flatMap((own) => describe(own, path, schema));
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((own) =>
      own.code === "invalid_type" && own.path.length === 0 ? [TYPE_NAMES[own.expected] ?? own.expected] : [],
    ),
  );
  return [{ path, message: `must be ${expected.join(" or ")}, not ${typeOf(issue.input)}` }];
}

/** The nearest key of the same table; otherwise a key of that name elsewhere; otherwise what the table knows. */
function unknownKey(key: string, table: Path, schema: JsonSchema): string {
  const known = keysAt(schema, table);
  const near = nearest(key, known);
  if (near) return `unknown key; did you mean "${near}"`;
  const elsewhere = listKnownKeys(schema).find((other) => other.key.split(".").at(-1) === key);
  if (elsewhere) return `unknown key here; did you mean "${elsewhere.key}"`;
  return `unknown key; known here: ${known.join(", ")}`;
}
