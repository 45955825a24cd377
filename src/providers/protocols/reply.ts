/** From the events of a vendor's stream to the parts of a reply, by the places that an adapter names. */
import { createId } from "../../lib/id.ts";
import type { FinishReason, StreamPart } from "../../sdk/provider.ts";
import { parseArguments } from "../wire/chat-stream.ts";
import { type FailureSource, malformedFailure, streamFailure } from "../wire/failure.ts";
import { readEvents } from "./events.ts";
import { pick } from "./pick.ts";
import type { StandingAdapter } from "./schema.ts";

type Mapping = StandingAdapter["response"];

/** Words that vendors use for how a reply ended. */
const REASONS: readonly (readonly [FinishReason, RegExp])[] = [
  ["length", /length|max_?(output_)?tokens|limit/i],
  ["refused", /filter|safety|refus|prohibited|blocked|recitation/i],
  ["tool_calls", /tool|function/i],
];

interface OpenCall {
  readonly index: unknown;
  id: string;
  name: string;
  /** Pieces of text, or the object. */
  args: unknown;
}

export async function* readReply(
  body: ReadableStream<Uint8Array>,
  mapping: Mapping,
  source: FailureSource,
  progress: () => void,
): AsyncGenerator<StreamPart, void, undefined> {
  const calls: OpenCall[] = [];
  const usage = { input: 0, output: 0, cache_read: 0, cache_write: 0 };
  let counted = false;
  let finish: string | undefined;
  let events = 0;
  let ended = false;

  function* close(): Generator<StreamPart> {
    ended = true;
    const reason = finishReason(finish, mapping, calls.length > 0);
    for (const call of calls) {
      const args = typeof call.args === "string" ? parseArguments(call.args) : call.args;
      // A reply that ran out of tokens may end inside of a call.
      if (reason === "length" && typeof args === "string") continue;
      yield { type: "tool_call", call_id: call.id || createId("call"), tool: call.name, args };
    }
    if (counted) yield { type: "usage", usage };
    yield { type: "finish", reason };
  }

  for await (const event of readEvents(body, mapping.format, mapping.done, source)) {
    if (typeof event !== "object" || event === null) throw malformedFailure(source, "what is not its format");
    // Read on, so that the connection is free for the next request.
    if (ended) continue;
    events++;
    const [error] = mapping.error === undefined ? [] : pick(event, mapping.error);
    if (error !== undefined) throw streamFailure(source, typeof error === "string" ? { message: error } : error);
    const before: string = `${finish} ${counted}`;
    const spoken = [...textParts(event, mapping)];
    const called = addCalls(event, mapping, calls);
    if (called || spoken.length > 0) progress();
    yield* spoken;
    for (const key of Object.keys(usage) as (keyof typeof usage)[]) {
      const place = mapping.usage?.[key];
      const count = place === undefined ? undefined : pick(event, place).find((value) => typeof value === "number");
      if (typeof count !== "number") continue;
      usage[key] = count;
      counted = true;
    }
    const [told] = mapping.finish === undefined ? [] : pick(event, mapping.finish);
    if (typeof told === "string" && told !== "") finish = told;
    if (finish !== undefined && mapping.finish_reasons?.[finish] === "failed") {
      throw streamFailure(source, { message: `it ended with ${finish}` });
    }
    if (before !== `${finish} ${counted}`) progress();
    // Not every server closes the connection then.
    if (finish !== undefined && (counted || mapping.usage === undefined)) yield* close();
  }
  // Without a place for the end, the end of the body is it; otherwise this is half a reply.
  if (!ended && events > 0 && (finish !== undefined || mapping.finish === undefined)) yield* close();
}

function* textParts(event: object, { thinking, text }: Mapping): Generator<StreamPart> {
  for (const piece of thinking === undefined ? [] : pick(event, thinking)) {
    if (typeof piece === "string" && piece !== "") yield { type: "thinking", text: piece };
  }
  for (const piece of pick(event, text)) {
    if (typeof piece === "string" && piece !== "") yield { type: "text", text: piece };
  }
}

/** Whether the event held a call, or a piece of one. */
function addCalls(event: object, { tool_calls: places }: Mapping, calls: OpenCall[]): boolean {
  if (places === undefined) return false;
  const items = pick(event, places.list).flat();
  for (const item of items) {
    const one = (place: string | undefined) => (place === undefined ? undefined : pick(item, place)[0]);
    const [id, name, args, index] = [one(places.id), one(places.name), one(places.arguments), one(places.index)];
    const last = calls.at(-1);
    // A piece belongs to the call of its index; without one to the last, unless it begins another.
    const known =
      index === undefined
        ? id === undefined && name === undefined
          ? last
          : calls.find((call) => id !== undefined && call.id === id)
        : calls.find((call) => call.index === index);
    const call = known ?? { index, id: "", name: "", args: "" };
    if (known === undefined) calls.push(call);
    if (typeof id === "string" && call.id === "") call.id = id;
    if (typeof name === "string" && call.name === "") call.name = name;
    if (typeof args === "string" && typeof call.args === "string") call.args += args;
    else if (args !== undefined) call.args = args;
  }
  return items.length > 0;
}

function finishReason(told: string | undefined, mapping: Mapping, hasCalls: boolean): FinishReason {
  const known = told === undefined ? undefined : mapping.finish_reasons?.[told];
  const reason = known ?? REASONS.find(([, words]) => told !== undefined && words.test(told))?.[0] ?? "stop";
  if (reason === "length" || reason === "refused") return reason;
  return hasCalls ? "tool_calls" : "stop";
}
