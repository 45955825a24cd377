/** From the events of a Responses stream to the parts of a reply. */
import type { Response, ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import type { FinishReason, StreamPart } from "../../sdk/provider.ts";
import { numberOf, objectOf } from "../wire/call.ts";
import { parseArguments } from "../wire/chat-stream.ts";
import { type FailureSource, malformedFailure, streamFailure } from "../wire/failure.ts";
import { sealReasoning } from "./responses-input.ts";

export async function* readResponsesStream(
  events: AsyncIterable<ResponseStreamEvent>,
  model: string,
  source: FailureSource,
  progress: () => void,
): AsyncGenerator<StreamPart, void, undefined> {
  let calls = 0;
  let ended = false;
  for await (const event of events) {
    if (typeof event?.type !== "string") throw malformedFailure(source, "what is not its format");
    progress();
    // Read on, so that the connection is free for the next request.
    if (ended) continue;
    switch (event.type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        if (event.delta !== "") yield { type: "text", text: event.delta };
        break;
      case "response.reasoning_summary_part.added":
        if (event.summary_index > 0) yield { type: "thinking", text: "\n\n" };
        break;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        if (event.delta !== "") yield { type: "thinking", text: event.delta };
        break;
      case "response.output_item.done": {
        const part = partOf(event.item, model);
        if (part?.type === "tool_call") calls++;
        if (part !== undefined) yield part;
        break;
      }
      case "response.completed":
      case "response.incomplete": {
        const usage = usageOf(event.response.usage);
        if (usage !== undefined) yield { type: "usage", usage };
        ended = true;
        yield { type: "finish", reason: finishReason(event.response, calls) };
        break;
      }
      case "response.failed":
        throw streamFailure(source, { error: event.response.error });
      case "error":
        throw streamFailure(source, event);
    }
  }
}

/** Calls come whole with the end of their item; one that the reply had no tokens left for is dropped. */
function partOf(item: ResponseOutputItem, model: string): StreamPart | undefined {
  if (item.type === "reasoning" && item.encrypted_content) {
    return { type: "thinking", text: "", signature: sealReasoning(model, item.id, item.encrypted_content) };
  }
  if (item.type !== "function_call" || item.status === "incomplete") return undefined;
  return { type: "tool_call", call_id: item.call_id, tool: item.name, args: parseArguments(item.arguments) };
}

function finishReason({ incomplete_details }: Response, calls: number): FinishReason {
  const reason = incomplete_details?.reason;
  if (reason === "content_filter") return "refused";
  if (reason === "max_output_tokens") return "length";
  return calls > 0 ? "tool_calls" : "stop";
}

/** OpenAI counts tokens that were read from and written to its cache inside of the input's; we beside it. */
function usageOf(usage: Response["usage"]): Extract<StreamPart, { type: "usage" }>["usage"] | undefined {
  if (!usage) return undefined;
  const details = objectOf(usage.input_tokens_details);
  // Those who copy it write null for what they do not count.
  const read = numberOf(details.cached_tokens);
  const written = numberOf(details.cache_write_tokens);
  return {
    input: Math.max(0, numberOf(usage.input_tokens) - read - written),
    output: numberOf(usage.output_tokens),
    cache_read: read,
    cache_write: written,
  };
}
