/** The one door: every tool call from any side passes here and is judged before it runs. */
import type { ToolResultPart } from "../protocol/message.ts";
import type { AnyTool, ToolContext, ToolResult } from "../sdk/tool.ts";

export interface ToolOutcome extends Omit<ToolResult, "ok"> {
  readonly status: ToolResultPart["status"];
  readonly durationMs: number;
}

export interface Gate {
  /**
   * Validates `input`, prepares the call, decides its tier, asks where it must, runs it. Never throws: every way that
   * a call can end is an outcome whose text tells the model what happened.
   */
  call(tool: AnyTool, input: unknown, context: ToolContext): Promise<ToolOutcome>;
}
