/** Writes a reply as a Response, whole or in typed events. */
import { createId } from "../../lib/id.ts";
import type { AlephError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/message.ts";
import { addUsage } from "../../protocol/usage.ts";
import type { FinishReason, ModelToolCall } from "../../sdk/provider.ts";
import type { Body, Reply, ReplyEncoder, ReplyHead, ReplyPart } from "../dialect.ts";
import {
  callItem,
  endStatus,
  type Item,
  itemOf,
  messageItem,
  type ResponseState,
  reasoningItem,
  responseObject,
  textPart,
} from "./response.ts";

export function responsesReply(reply: Reply, head: ReplyHead, body: Body): Item {
  return responseObject(head, body, {
    status: endStatus(reply.finish),
    output: reply.blocks.map(itemOf),
    usage: reply.usage,
    finish: reply.finish,
    completedAt: head.created,
  });
}

export function responsesEncoder(head: ReplyHead, body: Body): ReplyEncoder {
  const output: Item[] = [];
  let sequence = 0;
  let usage: Usage | undefined;
  let finish: FinishReason = "stop";
  let open: { readonly kind: "text" | "thinking"; readonly id: string; text: string; seal?: string } | undefined;

  const event = (type: string, data: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...data })}\n\n`;
  const whole = (type: string, state: ResponseState) =>
    event(type, { response: responseObject(head, body, { output, usage, ...state }) });
  const added = (item: Item) => event("response.output_item.added", { output_index: output.length, item });
  const done = (item: Item) => {
    const told = event("response.output_item.done", { output_index: output.length, item });
    output.push(item);
    return told;
  };

  const begin = (kind: "text" | "thinking"): string => {
    if (open?.kind === kind) return "";
    const closed = close();
    const id = createId(kind === "text" ? "msg" : "rs");
    open = { kind, id, text: "" };
    const at = { item_id: id, output_index: output.length };
    if (kind === "thinking") {
      const part = { type: "summary_text", text: "" };
      const item = { id, type: "reasoning", summary: [] };
      return closed + added(item) + event("response.reasoning_summary_part.added", { ...at, summary_index: 0, part });
    }
    const item = { id, type: "message", status: "in_progress", role: "assistant", content: [] };
    const part = { ...at, content_index: 0, part: textPart("") };
    return closed + added(item) + event("response.content_part.added", part);
  };

  const close = (): string => {
    if (open === undefined) return "";
    const { kind, id, text, seal } = open;
    open = undefined;
    const at = { item_id: id, output_index: output.length };
    if (kind === "thinking") {
      const part = { type: "summary_text", text };
      return (
        event("response.reasoning_summary_text.done", { ...at, summary_index: 0, text }) +
        event("response.reasoning_summary_part.done", { ...at, summary_index: 0, part }) +
        done(reasoningItem(id, text, seal))
      );
    }
    return (
      event("response.output_text.done", { ...at, content_index: 0, text, logprobs: [] }) +
      event("response.content_part.done", { ...at, content_index: 0, part: textPart(text) }) +
      done(messageItem(id, text))
    );
  };

  const delta = (kind: "text" | "thinking", piece: string): string => {
    const begun = begin(kind);
    if (piece === "") return begun;
    open!.text += piece;
    const at = { item_id: open!.id, output_index: output.length, delta: piece };
    return (
      begun +
      (kind === "text"
        ? event("response.output_text.delta", { ...at, content_index: 0, logprobs: [] })
        : event("response.reasoning_summary_text.delta", { ...at, summary_index: 0 }))
    );
  };

  const call = (made: ModelToolCall): string => {
    const closed = close();
    const item = callItem(createId("fc"), made);
    const at = { item_id: item.id, output_index: output.length };
    return (
      closed +
      added({ ...item, status: "in_progress", arguments: "" }) +
      event("response.function_call_arguments.delta", { ...at, delta: item.arguments }) +
      event("response.function_call_arguments.done", { ...at, name: made.tool, arguments: item.arguments }) +
      done(item)
    );
  };

  return {
    begin: () =>
      whole("response.created", { status: "in_progress" }) + whole("response.in_progress", { status: "in_progress" }),
    part(part: ReplyPart) {
      switch (part.type) {
        case "text":
          return delta("text", part.text);
        case "thinking": {
          const out = delta("thinking", part.text);
          if (part.signature === undefined) return out;
          open!.seal = part.signature;
          return out + close();
        }
        case "tool_call":
          return call(part);
        case "usage":
          usage = addUsage(usage, part.usage);
          return "";
        case "finish":
          finish = part.reason;
          return close();
        case "model":
          return "";
      }
    },
    end() {
      const status = endStatus(finish);
      return whole(`response.${status}`, { status, finish, completedAt: head.created });
    },
    fail: (error: AlephError) => close() + whole("response.failed", { status: "failed", error }),
  };
}
