/** From the events of a Messages stream to the parts of a reply. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { FinishReason, StreamPart } from "../../sdk/provider.ts";
import { parseArguments } from "../wire/chat-stream.ts";
import { type FailureSource, malformedFailure } from "../wire/failure.ts";
import { sealRedacted, sealThinking } from "./messages.ts";

const FINISH: Readonly<Record<Anthropic.Messages.StopReason, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "refused",
};

interface OpenBlock {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  /** Of a call, where they came whole at its beginning; Anthropic itself sends an empty object there. */
  readonly args: unknown;
  text: string;
}

export async function* readMessagesStream(
  events: AsyncIterable<Anthropic.Messages.RawMessageStreamEvent>,
  model: string,
  source: FailureSource,
  progress: () => void,
): AsyncGenerator<StreamPart, void, undefined> {
  const open = new Map<number, OpenBlock>();
  /** Calls whose arguments are not JSON. */
  const broken: StreamPart[] = [];
  const usage = { input: 0, output: 0, cache_read: 0, cache_write: 0 };
  let stop: Anthropic.Messages.StopReason | null = null;
  for await (const event of events) {
    progress();
    switch (event.type) {
      case "message_start":
        addUsage(usage, event.message.usage);
        break;
      case "content_block_start": {
        const block = event.content_block;
        const { id, name, input: args } = block.type === "tool_use" ? block : { id: "", name: "", input: {} };
        open.set(event.index, { type: block.type, id, name, args, text: "" });
        if (block.type === "text" && block.text) yield { type: "text", text: block.text };
        if (block.type === "redacted_thinking") {
          yield { type: "thinking", text: "", signature: sealRedacted(model, block.data) };
        }
        break;
      }
      case "content_block_delta": {
        const block = open.get(event.index);
        if (block === undefined) throw malformedFailure(source, "a piece of a block that it had not begun");
        const { delta } = event;
        if (delta.type === "text_delta") yield { type: "text", text: delta.text };
        else if (delta.type === "thinking_delta") yield { type: "thinking", text: delta.thinking };
        else if (delta.type === "signature_delta") block.text += delta.signature;
        else if (delta.type === "input_json_delta") block.text += delta.partial_json;
        break;
      }
      case "content_block_stop": {
        const block = open.get(event.index);
        if (block?.type === "thinking" && block.text !== "") {
          yield { type: "thinking", text: "", signature: sealThinking(model, block.text) };
        }
        if (block?.type === "tool_use") {
          const args = block.text === "" ? (block.args ?? {}) : parseArguments(block.text);
          const call: StreamPart = { type: "tool_call", call_id: block.id, tool: block.name, args };
          if (typeof args === "string") broken.push(call);
          else yield call;
        }
        break;
      }
      case "message_delta":
        stop = event.delta.stop_reason ?? stop;
        addUsage(usage, event.usage);
        break;
      case "message_stop":
        if (stop === null) throw malformedFailure(source, "an end without a reason");
        // A reply that ran out of tokens may end inside of a call.
        if (stop !== "max_tokens") yield* broken;
        yield { type: "usage", usage: { ...usage } };
        yield { type: "finish", reason: FINISH[stop] ?? "stop" };
        break;
    }
  }
}

interface RawUsage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
}

/** Counts are totals; a later event replaces what an earlier one said. */
function addUsage(
  usage: { input: number; output: number; cache_read: number; cache_write: number },
  raw: RawUsage | undefined,
): void {
  usage.input = raw?.input_tokens ?? usage.input;
  usage.output = raw?.output_tokens ?? usage.output;
  usage.cache_read = raw?.cache_read_input_tokens ?? usage.cache_read;
  usage.cache_write = raw?.cache_creation_input_tokens ?? usage.cache_write;
}
