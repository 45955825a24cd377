/** What is wrong with a value, in words for people: the issues of a zod schema with their places. */
import type * as z from "zod";
import { nearest } from "./nearest.ts";

type ZodIssue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

export interface Fault {
  readonly path: Path;
  /** Goes on from the name of the place: `must be a string, not true`. */
  readonly message: string;
}

export interface FaultOptions {
  /** What to say of a key that the table at `path` does not know. Default: the nearest of those that it knows. */
  readonly unknownKey?: (key: string, path: Path) => string;
  /** Whether a string stands for another one, whose format cannot be judged yet. */
  readonly isReference?: (value: unknown) => boolean;
  /** What a table is called here. Default: `a table`, as in TOML. */
  readonly tableName?: string;
  /** Not many more than these are described. */
  readonly limit?: number;
}

/** Empty when the value fits. */
export function findFaults(schema: z.ZodType, value: unknown, options: FaultOptions = {}): Fault[] {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return [];
  const { limit = Number.POSITIVE_INFINITY, isReference = () => false, tableName = "a table" } = options;
  const unknownKey = options.unknownKey ?? ((key: string, path: Path) => describeUnknownKey(key, keysAt(schema, path)));
  const rules: Rules = { unknownKey, isReference, tableName, limit };
  const faults: Fault[] = [];
  // A misspelt key comes before the one that is missing for it.
  const rank = ({ code }: ZodIssue) => (code === "unrecognized_keys" ? 0 : 1);
  for (const issue of result.error.issues.toSorted((a, b) => rank(a) - rank(b))) {
    faults.push(...describe(issue, [], rules));
    if (faults.length >= limit) break;
  }
  return faults;
}

/** `unknown key`, with the nearest known one or all of them. */
export function describeUnknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key; did you mean "${near}"`;
  return known.length === 0 ? "unknown key" : `unknown key; known here: ${known.join(", ")}`;
}

type Rules = Required<FaultOptions>;

function describe(issue: ZodIssue, prefix: Path, rules: Rules): Fault[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys
        .slice(0, rules.limit)
        .map((key) => ({ path: [...path, key], message: rules.unknownKey(key, path) }));
    case "invalid_union":
      return describeUnion(issue, path, rules);
    case "invalid_key":
      return [{ path, message: `the name ${issue.issues[0]?.message ?? "is not allowed"}` }];
    case "invalid_format":
      return rules.isReference(issue.input) ? [] : [{ path, message: sentence(issue, rules) }];
    default:
      return [{ path, message: sentence(issue, rules) }];
  }
}

function sentence(issue: ZodIssue, rules: Rules): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.expected === "nonoptional") return "is missing";
      return issue.input === undefined
        ? `is missing; it must be ${typeName(issue.expected, rules)}`
        : `must be ${typeName(issue.expected, rules)}, not ${typeOf(issue.input, rules)}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") return `must not be longer than ${issue.maximum} characters`;
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value": {
      const values = issue.values.map(String);
      const meant = typeof issue.input === "string" ? nearest(issue.input, values) : undefined;
      const list = values.map((value) => JSON.stringify(value)).join(", ");
      const missing = issue.input === undefined ? "is missing; it " : "";
      return `${missing}must be one of ${list}${meant ? `; did you mean ${JSON.stringify(meant)}` : ""}`;
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
};

function typeName(type: string, { tableName }: Rules): string {
  return type === "object" || type === "record" ? tableName : (TYPE_NAMES[type] ?? type);
}

function typeOf(input: unknown, rules: Rules): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "an array";
  if (typeof input === "boolean") return String(input);
  if (typeof input === "number") return Number.isInteger(input) ? "a whole number" : `the number ${input}`;
  return typeName(typeof input, rules);
}

/** The faults of the alternative that was meant: the one whose type fits; otherwise what all of them expect. */
function describeUnion(issue: Extract<ZodIssue, { code: "invalid_union" }>, path: Path, rules: Rules): Fault[] {
  const isWrongType = (branch: readonly ZodIssue[]) =>
    branch.some((own) => own.code === "invalid_type" && own.path.length === 0);
  const meant = issue.errors.find((branch) => !isWrongType(branch));
  if (meant) return meant.flatMap((own) => describe(own, path, rules));
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((own) =>
      own.code === "invalid_type" && own.path.length === 0 ? [typeName(own.expected, rules)] : [],
    ),
  );
  return [{ path, message: `must be ${[...new Set(expected)].join(" or ")}, not ${typeOf(issue.input, rules)}` }];
}

/** The keys of the table at `path`; empty where it is none, or one of several. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    const { element, shape, valueType } = insideOf(at);
    at = typeof key === "number" ? element : (shape?.[key] ?? valueType);
  }
  return Object.keys(insideOf(at).shape ?? {});
}

/** The part of a schema's definition that leads to what is inside of it. */
interface Inside {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly valueType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
}

/** Of the schema without `optional`, `default` and the like around it. */
function insideOf(schema: z.core.$ZodType | undefined): Inside {
  const def: Inside | undefined = schema?._zod.def as object | undefined;
  return def?.innerType ? insideOf(def.innerType) : (def ?? {});
}
