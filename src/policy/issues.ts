/** Says to the model what is wrong with a call's arguments and what would be right. */
import type * as z from "zod";
import { UNKNOWN_KEY } from "../lib/json-schema.ts";
import { nearest } from "../lib/nearest.ts";
import type { Fault } from "../lib/schema-faults.ts";
import type { AnyTool, ForeignTool } from "../sdk/tool.ts";

/** More lines than these help nobody. */
const MAX_LINES = 20;

/** One line for each issue, then the arguments that the tool takes. */
export function describeIssues({ name, params }: AnyTool, input: unknown, error: z.ZodError): string {
  const known = shapeOf(params);
  const taken = Object.entries(known).map(([key, type]) => (type.safeParse(undefined).success ? `${key}?` : key));
  const lines = error.issues.flatMap((issue) => describe(issue, known));
  return say(name, input, { lines, taken });
}

/** The same for a tool whose schema is JSON Schema. */
export function describeFaults({ name, parameters }: ForeignTool, input: unknown, faults: readonly Fault[]): string {
  const keys = Object.keys((parameters.properties ?? {}) as object);
  const required = Array.isArray(parameters.required) ? (parameters.required as readonly unknown[]) : [];
  const lines = faults.map(({ path, message }) => {
    if (message !== UNKNOWN_KEY) return line(path.join("."), message);
    return unknownKey(path.join("."), path.length === 1 ? nearest(String(path[0]), keys) : undefined);
  });
  return say(name, input, { lines, taken: keys.map((key) => (required.includes(key) ? key : `${key}?`)) });
}

function say(
  name: string,
  input: unknown,
  { lines, taken }: { readonly lines: readonly string[]; readonly taken: readonly string[] },
): string {
  if (typeof input === "string") return `The arguments of "${name}" must be a JSON object, but they are not valid JSON`;
  const more = lines.length > MAX_LINES ? [`- and ${lines.length - MAX_LINES} more`] : [];
  const takes = `It takes: ${taken.length === 0 ? "no arguments" : taken.join(", ")}`;
  return [`The arguments of "${name}" are not valid:`, ...lines.slice(0, MAX_LINES), ...more, takes].join("\n");
}

type Shape = Readonly<Record<string, z.ZodType>>;

function describe(issue: z.core.$ZodIssue, known: Shape): string[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [line(path, issue.message)];
  return issue.keys.map((key) =>
    path === "" ? unknownKey(key, nearest(key, Object.keys(known))) : unknownKey(`${path}.${key}`, undefined),
  );
}

function line(path: string, message: string): string {
  return `- ${path === "" ? "the arguments" : `"${path}"`}: ${message}`;
}

function unknownKey(path: string, meant: string | undefined): string {
  return line(path, `is not an argument${meant ? `; did you mean "${meant}"?` : ""}`);
}

function shapeOf(params: z.ZodType): Shape {
  return "shape" in params ? (params.shape as Shape) : {};
}
