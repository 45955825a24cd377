/** Calls of a run that have no result: what was cut off, and what waits for a person still. */
import type { MessagePart } from "../protocol/message.ts";
import type { ModelToolCall } from "../sdk/provider.ts";

/** In their order. An id may have been used before in the run: as many results end as many calls, in order. */
export function openCalls(messages: readonly { readonly parts: readonly MessagePart[] }[]): readonly ModelToolCall[] {
  const parts = messages.flatMap((message) => message.parts);
  const ended = new Map<string, number>();
  for (const part of parts)
    if (part.type === "tool_result") ended.set(part.call_id, (ended.get(part.call_id) ?? 0) + 1);
  return parts.flatMap((part) => {
    if (part.type !== "tool_call") return [];
    const left = ended.get(part.call_id) ?? 0;
    ended.set(part.call_id, left - 1);
    return left > 0 ? [] : [{ type: "tool_call", call_id: part.call_id, tool: part.tool, args: part.args }];
  });
}

/** Thrown when the server stops while a call waits for a person: the run stays open, and so does the question. */
export class LeftOpen extends Error {}
