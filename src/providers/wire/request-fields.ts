/** Refuses what a provider cannot carry out, naming the field, instead of leaving it out in silence. */
import type { AlephError } from "../../protocol/errors.ts";
import type { ModelRequest } from "../../sdk/provider.ts";
import { providerError, providerFailureOf } from "../../sdk/provider-error.ts";

/** The fields that not every vendor has, as on the wire. */
export type RequestField =
  | "tool_choice"
  | "parallel_tool_calls"
  | "response_format"
  | "max_tokens"
  | "temperature"
  | "top_p"
  | "stop"
  | "seed"
  | "dimensions"
  | "size"
  | "seconds"
  | "n"
  | "language";

export function cannotCarryOut(provider: string, field: RequestField, why: string): AlephError {
  return providerError(`Provider "${provider}" cannot carry out "${field}": ${why}`, {
    provider,
    failure: "bad_request",
    field,
  });
}

/** Throws for a choice that no reply can fulfil: of a tool where there is none, or of one that is not there. */
export function checkToolChoice(provider: string, { tools, toolChoice }: ModelRequest): void {
  if (toolChoice === undefined || toolChoice === "auto" || toolChoice === "none") return;
  if (toolChoice === "required") {
    if (tools.length === 0) throw cannotCarryOut(provider, "tool_choice", "the request has no tools");
  } else if (!tools.some(({ name }) => name === toolChoice.tool)) {
    throw cannotCarryOut(provider, "tool_choice", `the request has no tool ${JSON.stringify(toolChoice.tool)}`);
  }
}

/** Whether the vendor refused to be asked for usage, which not all who copy Chat Completions know: nothing came of the reply. */
export function refusesStreamOptions(thrown: unknown): boolean {
  return isRefusal(thrown) && thrown.message.includes("stream_options");
}

/** Whether the vendor refused a conversation without the thinking that led to its calls, as DeepSeek and Moonshot do. */
export function wantsThoughts(thrown: unknown): boolean {
  return isRefusal(thrown) && /reasoning_content/.test(thrown.message) && /missing|must|required/i.test(thrown.message);
}

function isRefusal(thrown: unknown): thrown is Error {
  return thrown instanceof Error && providerFailureOf(thrown) === "bad_request";
}
