/** Says to the model what is wrong with a call's arguments and what would be right. */
import type * as z from "zod";
import { nearest } from "../lib/nearest.ts";
import type { AnyTool } from "../sdk/tool.ts";

/** One line for each issue, then the arguments that the tool takes. */
export function describeIssues(tool: AnyTool, input: unknown, error: z.ZodError): string {
  if (typeof input === "string")
    return `The arguments of "${tool.name}" must be a JSON object, but they are not valid JSON`;
  const known = shapeOf(tool.params);
  const lines = error.issues.flatMap((issue) => describe(issue, known));
  return [`The arguments of "${tool.name}" are not valid:`, ...lines, `It takes: ${signature(known)}`].join("\n");
}

type Shape = Readonly<Record<string, z.ZodType>>;

function describe(issue: z.core.$ZodIssue, known: Shape): string[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [`- ${path === "" ? "the arguments" : `"${path}"`}: ${issue.message}`];
  return issue.keys.map((key) => {
    const meant = path === "" ? nearest(key, Object.keys(known)) : undefined;
    return `- "${path === "" ? key : `${path}.${key}`}": is not an argument${meant ? `; did you mean "${meant}"?` : ""}`;
  });
}

function signature(known: Shape): string {
  const names = Object.entries(known).map(([name, type]) => (type.safeParse(undefined).success ? `${name}?` : name));
  return names.length === 0 ? "no arguments" : names.join(", ");
}

function shapeOf(params: z.ZodType): Shape {
  return "shape" in params ? (params.shape as Shape) : {};
}
