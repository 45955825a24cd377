/** Writes a reply as an Anthropic message, whole or in events. */
import type { AlephError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/message.ts";
import { addUsage } from "../../protocol/usage.ts";
import type { FinishReason } from "../../sdk/provider.ts";
import type { Block, Reply, ReplyEncoder, ReplyHead, ReplyPart } from "../dialect.ts";
import { streamError } from "../errors.ts";

const STOP: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  refused: "refusal",
};

export function messagesReply(reply: Reply, head: ReplyHead): Record<string, unknown> {
  return {
    ...opening(head),
    content: reply.blocks.map(blockOf),
    stop_reason: STOP[reply.finish],
    usage: messagesUsage(reply.usage),
  };
}

export function messagesEncoder(head: ReplyHead): ReplyEncoder {
  let index = -1;
  let open: "text" | "thinking" | undefined;
  let usage: Usage | undefined;
  let stop = STOP.stop;
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const start = (block: object) => event("content_block_start", { index: ++index, content_block: block });
  const delta = (value: object) => event("content_block_delta", { index, delta: value });
  const close = () => {
    if (open === undefined) return "";
    open = undefined;
    return event("content_block_stop", { index });
  };
  const into = (kind: "text" | "thinking") => {
    if (open === kind) return "";
    const closed = close();
    open = kind;
    return (
      closed + start(kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" })
    );
  };
  return {
    begin: () => event("message_start", { message: { ...opening(head), usage: messagesUsage(undefined) } }),
    part(part: ReplyPart) {
      switch (part.type) {
        case "text":
          return into("text") + delta({ type: "text_delta", text: part.text });
        case "thinking": {
          const { text, signature } = part;
          if (text === "" && signature !== undefined && open !== "thinking") {
            return (
              close() + start({ type: "redacted_thinking", data: signature }) + event("content_block_stop", { index })
            );
          }
          let out = into("thinking");
          if (text !== "") out += delta({ type: "thinking_delta", thinking: text });
          if (signature !== undefined) out += delta({ type: "signature_delta", signature }) + close();
          return out;
        }
        case "tool_call": {
          const block = { type: "tool_use", id: part.call_id, name: part.tool, input: {} };
          return (
            close() +
            start(block) +
            delta({ type: "input_json_delta", partial_json: JSON.stringify(inputOf(part.args)) }) +
            event("content_block_stop", { index })
          );
        }
        case "usage":
          usage = addUsage(usage, part.usage);
          return "";
        case "finish":
          stop = STOP[part.reason];
          return close();
        case "model":
          return "";
      }
    },
    end: () =>
      event("message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage: messagesUsage(usage) }) +
      event("message_stop", {}),
    fail: (error: AlephError) => streamError("messages", error),
  };
}

function opening({ id, model }: ReplyHead): Record<string, unknown> {
  return { id, type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null };
}

function blockOf(block: Block): Record<string, unknown> {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, citations: null };
    case "thinking":
      return block.text === "" && block.signature !== undefined
        ? { type: "redacted_thinking", data: block.signature }
        : { type: "thinking", thinking: block.text, signature: block.signature ?? "" };
    case "tool_call":
      return { type: "tool_use", id: block.call_id, name: block.tool, input: inputOf(block.args) };
  }
}

/** `input` is an object in this format; arguments that were not JSON are shown as what they were. */
function inputOf(args: unknown): Record<string, unknown> {
  if (typeof args === "object" && args !== null && !Array.isArray(args)) return args as Record<string, unknown>;
  return { invalid_arguments: args };
}

function messagesUsage(usage: Usage | undefined): Record<string, unknown> {
  return {
    input_tokens: usage?.input ?? 0,
    output_tokens: usage?.output ?? 0,
    cache_read_input_tokens: usage?.cache_read ?? 0,
    cache_creation_input_tokens: usage?.cache_write ?? 0,
  };
}
