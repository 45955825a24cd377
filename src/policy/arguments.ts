/** Checks the arguments of a call: of a built-in tool by its own schema, of a foreign one by the schema that its author wrote. */
import { createJsonSchemas, type JsonSchemaCheck } from "../lib/json-schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import type { AnyTool, ForeignTool } from "../sdk/tool.ts";
import { describeFaults, describeIssues } from "./issues.ts";

/** `args` as the tool gets them; or what the model is told. */
export type Checked = { readonly args: unknown } | { readonly fault: string };

export type CheckArguments = (tool: AnyTool | ForeignTool, input: unknown) => Promise<Checked>;

export function createArgumentCheck(log: Log): CheckArguments {
  const compile = createJsonSchemas();
  const checks = new WeakMap<ForeignTool, Promise<JsonSchemaCheck | undefined>>();
  const checkOf = (tool: ForeignTool) => {
    let check = checks.get(tool);
    if (!check) {
      check = compile(tool.parameters).catch((thrown: unknown) => {
        log.warn("the schema of a tool cannot be used", { tool: tool.name, ...describeError(thrown) });
        return undefined;
      });
      checks.set(tool, check);
    }
    return check;
  };
  return async (tool, input) => {
    if (!isForeign(tool)) {
      const parsed = await tool.params.safeParseAsync(input);
      return parsed.success ? { args: parsed.data } : { fault: describeIssues(tool, input, parsed.error) };
    }
    const check = await checkOf(tool);
    if (!check)
      return { fault: `Tool "${tool.name}" cannot be called: its author gave it a schema that cannot be used` };
    const faults = isObject(input) ? check(input) : [{ path: [], message: "must be an object" }];
    return faults.length === 0 ? { args: input } : { fault: describeFaults(tool, input, faults) };
  };
}

export function isForeign(tool: AnyTool | ForeignTool): tool is ForeignTool {
  return "parameters" in tool;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
