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
  return joined(own)
    .map(({ topic, data }) => ({ topic, data: withoutVarying(masking.value(data)) as Seen["data"] }))
    .filter(({ topic, data }) => !isText(topic) || data.content !== "");
}

/** Text that came in one go as one: where it was cut depends on what was masked of it. */
function joined(events: readonly Seen[]): Seen[] {
  const result: Seen[] = [];
  for (const { topic, data } of events) {
    const last = result.at(-1);
    if (isText(topic) && last?.topic === topic && last.data.call_id === data.call_id) {
      const content = String(last.data.content) + String(data.content);
      result[result.length - 1] = { topic, data: { ...last.data, content } };
    } else result.push({ topic, data });
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
