/** What hooks have to say to one tool call: before it is judged, and after it has run. */
import { AlephError } from "../protocol/errors.ts";
import type { ToolResultPart } from "../protocol/message.ts";
import type { EventHooks } from "../sdk/hook.ts";
import type { ToolContext } from "../sdk/tool.ts";

export type Args = Readonly<Record<string, unknown>>;

/** The arguments as the hooks left them; or the answer of one that stands in for the tool; or why the call may not be. */
export type Before = { readonly args: Args; readonly answer?: string } | { readonly refusal: string };

interface Called {
  readonly tool: string;
  readonly args: Args;
  readonly context: ToolContext;
}

export async function askBefore(
  hooks: EventHooks<"before_tool_call">,
  { tool, args, context }: Called,
): Promise<Before> {
  try {
    const { context: changed, resolved } = await hooks.run({ ...placeOf(tool, context), args }, context.signal);
    return resolved ? { args: changed.args, answer: resolved.text } : { args: changed.args };
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    return { refusal: `${reasonOf(thrown)}. Do not try it in another way` };
  }
}

/** What the model gets instead of `result`; or why it gets nothing. */
export async function askAfter(
  hooks: EventHooks<"after_tool_call">,
  { tool, args, context }: Called,
  ended: { readonly status: ToolResultPart["status"]; readonly text: string; readonly durationMs: number },
): Promise<{ readonly text: string } | { readonly refusal: string }> {
  const { status, text: result, durationMs: duration } = ended;
  try {
    const about = { ...placeOf(tool, context), args, status, duration, result };
    const { context: changed, resolved } = await hooks.run(about, context.signal);
    return { text: resolved?.text ?? changed.result };
  } catch (thrown) {
    return { refusal: `The tool ran, but its result is withheld: ${reasonOf(thrown)}` };
  }
}

function placeOf(toolName: string, { agent, sessionKey, runId, callId }: ToolContext) {
  return { agent, sessionKey, runId, toolName, callId };
}

/** Rethrows what is no word of a hook. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AlephError && (thrown.reason === "cancelled" || typeof thrown.data.plugin === "string")) {
    return thrown.message;
  }
  throw thrown;
}
