/** Where a conversation may be cut: never between a call and its result, best before something that the person said. */
import type { PlacedMessage } from "../session/messages.ts";
import { partsTokens } from "./tokens.ts";

/** Of the room that the newest messages are to have, what may be lost to begin them with a turn. */
const WHOLE_TURN = 0.5;

/**
 * How many of the messages, oldest first, are old: what stays has at most about `keep` tokens and begins with a turn, or where that
 * is too long, within one. Zero when nothing can go.
 */
export function cutOf(messages: readonly PlacedMessage[], keep: number): number {
  const isAllowed = allowedCuts(messages);
  let tokens = 0;
  let least = messages.length;
  while (least > 0 && tokens < keep) tokens += partsTokens(messages[--least]!.parts);
  if (least === 0) return 0;
  const cuts: { readonly at: number; readonly left: number }[] = [];
  for (let at = messages.length - 1, left = 0; at >= least; at--) {
    left += partsTokens(messages[at]!.parts);
    if (isAllowed(at)) cuts.push({ at, left });
  }
  // The first that is listed last keeps most.
  const atTurn = cuts.findLast(({ at }) => messages[at]!.role === "user");
  if (atTurn !== undefined && atTurn.left >= keep * WHOLE_TURN) return atTurn.at;
  // What the person asked for in the turn that is cut is shown nevertheless.
  const within = cuts.at(-1) ?? { at: messages.findLastIndex((_, at) => isAllowed(at)) };
  return Math.max(0, within.at);
}

/** Whether a cut before the message at this place leaves each call beside its result. */
function allowedCuts(messages: readonly PlacedMessage[]): (at: number) => boolean {
  const within = new Set<number>();
  /** By run and id: where the calls stand that have no result yet. */
  const open = new Map<string, number[]>();
  for (const [at, { run_id, parts }] of messages.entries()) {
    for (const part of parts) {
      if (part.type !== "tool_call" && part.type !== "tool_result") continue;
      const key = `${run_id}\n${part.call_id}`;
      if (part.type === "tool_call") {
        open.set(key, [...(open.get(key) ?? []), at]);
        continue;
      }
      const from = open.get(key)?.shift();
      for (let between = (from ?? at) + 1; between <= at; between++) within.add(between);
    }
  }
  // Two that were written long ago may have the same place.
  const isApart = (at: number) => at === 0 || messages[at - 1]!.position < messages[at]!.position;
  return (at) => !within.has(at) && messages[at]!.role !== "tool" && isApart(at);
}
