/** What happens in a run, from its beginning on and then as it happens, without a gap or a repetition. */
import type { EventFrame, Topic } from "../protocol/events.ts";
import type { Bus } from "../sdk/bus.ts";

export interface RunBus extends Pick<Bus, "attach"> {
  ofRun(runId: string, after: number, limit: number): readonly EventFrame[];
}

const PAGE = 500;
/** Events that wait for who is too slow to take them; then the stream ends, and whoever wants can come back. */
const MAX_WAITING = 20_000;

export interface Followed extends Disposable {
  /** All until now; to be asked first. */
  past(): readonly EventFrame[];
  /** The next one; undefined when the server stops, when the reader is too slow, and after `signal` has aborted. */
  next(): Promise<EventFrame | undefined>;
}

export function followRun(bus: RunBus, runId: string, signal: AbortSignal): Followed {
  const queue: EventFrame[] = [];
  let seen = 0;
  let isOver = signal.aborted;
  let wake: (() => void) | undefined;
  const end = () => {
    isOver = true;
    wake?.();
  };
  const attached = bus.attach({
    deliver({ event }) {
      if (event.topic === "system.shutdown" || queue.length > MAX_WAITING) return end();
      if ((event.data as { readonly run_id?: string | null }).run_id !== runId) return;
      queue.push(event);
      wake?.();
    },
  });
  signal.addEventListener("abort", end, { once: true });
  return {
    past() {
      const events: EventFrame[] = [];
      for (;;) {
        const page = bus.ofRun(runId, seen, PAGE);
        events.push(...page);
        seen = page.at(-1)?.seq ?? seen;
        if (page.length < PAGE) return events;
      }
    },
    async next() {
      for (;;) {
        const event = queue.shift();
        if (event && event.seq > seen) return event;
        if (event) continue;
        if (isOver) return undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
        wake = undefined;
      }
    },
    [Symbol.dispose]() {
      attached[Symbol.dispose]();
      signal.removeEventListener("abort", end);
      end();
    },
  };
}

export function endsRun(topic: Topic): boolean {
  return /^agent\.(?:completed|error|cancelled|interrupted)$/.test(topic);
}

/** Whether a new reply of the model begins: what was written before was not the answer. */
export function beginsReply({ topic, data }: EventFrame): boolean {
  if (topic === "stream.tool_start") return true;
  return topic === "stream.agent_trace" && "kind" in data && data.kind !== "limit";
}
