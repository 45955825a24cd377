/** Calls a tool as the gate would: arguments through its schema, then prepared, then run. */
import { AlephError } from "../../src/protocol/errors.ts";
import type { AnyTool, Prepared, ToolContext, ToolResult } from "../../src/sdk/tool.ts";

export async function prepareCall(
  tool: AnyTool,
  needs: object,
  input: unknown,
  context: ToolContext,
): Promise<Prepared> {
  return tool.prepare(needs, tool.params.parse(input), context);
}

export async function callTool(
  tool: AnyTool,
  needs: object,
  input: unknown,
  context: ToolContext,
): Promise<ToolResult> {
  return (await prepareCall(tool, needs, input, context)).run();
}

/** `reason: message` of what it throws; nothing when it does not. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
  } catch (thrown) {
    return thrown instanceof AlephError ? `${thrown.reason}: ${thrown.message}` : String(thrown);
  }
  return undefined;
}
