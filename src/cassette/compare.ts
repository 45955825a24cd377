/** Holds a replay against what the run showed when it ran. */
import { type Difference, firstDifference } from "../lib/first-difference.ts";
import type { EventFrame } from "../protocol/event-frame.ts";
import type { Masking } from "./masking.ts";
import type { ReplayedEvent } from "./replay.ts";

type Seen = { readonly topic: string; readonly data: Readonly<Record<string, unknown>> };

/** What the loop itself publishes. */
const OWN = /^(?:stream\.|agent\.(?:started|completed|error|cancelled|interrupted)$)/;
/** Times, and numbers that change when a piece that was all secret is left out. */
const VARYING = ["duration_ms", "wait_ms", "retry_after_ms", "index"];

/** The first event that is another one; nothing when all are the same and in the same order. */
export function compareEvents(
  recorded: readonly EventFrame[],
  replayed: readonly ReplayedEvent[],
  masking: Masking,
): (Difference & { readonly at: number }) | undefined {
  const [a, b] = [comparable(recorded, masking), comparable(replayed, masking)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const found = firstDifference(a[at], b[at]);
    if (found) return { at, ...found };
  }
  return undefined;
}

function comparable(events: readonly { readonly topic: string; readonly data: unknown }[], masking: Masking): Seen[] {
  const own = events
    .map(({ topic, data }): Seen => ({ topic, data: data as Seen["data"] }))
    // That a restart took it up is not part of what it did.
    .filter(({ topic, data }) => OWN.test(topic) && data.kind !== "resume");
  return masked(own, masking)
    .filter(({ topic, data }) => !isText(topic) || data.content !== "")
    .map(({ topic, data }) => ({ topic, data: withoutVarying(data) as Seen["data"] }));
}

/** Text that came in one go is masked in one go. */
function masked(events: readonly Seen[], masking: Masking): Seen[] {
  const result: Seen[] = [];
  for (let at = 0; at < events.length; ) {
    const { topic } = events[at]!;
    let end = at + 1;
    if (isText(topic)) while (end < events.length && events[end]!.topic === topic) end++;
    const group = events.slice(at, end);
    const whole = group.map((event) => ({ ...event, data: masking.value(event.data) as Seen["data"] }));
    if (isText(topic)) {
      const texts = masking.pieces(group.map(({ data }) => String(data.content)));
      for (const [index, event] of whole.entries())
        result.push({ topic, data: { ...event.data, content: texts[index] } });
    } else result.push(...whole);
    at = end;
  }
  return result;
}

function isText(topic: string): boolean {
  return topic === "stream.chunk" || topic === "stream.thinking" || topic === "stream.tool_output";
}

function withoutVarying(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutVarying);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (VARYING.includes(key) ? [] : [[key, withoutVarying(each)]])),
  );
}
