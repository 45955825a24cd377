/** Search over everything that was said, in all conversations. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Call } from "./connection.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

export type FoundMessage = Result<"session.search">["messages"][number];

export interface Search {
  /** What `found` answers. */
  readonly query: ReadonlySignal<string>;
  readonly found: ReadonlySignal<readonly FoundMessage[]>;
  /** Whether only the best of what was found is listed. */
  readonly isCut: ReadonlySignal<boolean>;
  /** Messages that are not in the index yet. */
  readonly notSearched: ReadonlySignal<number>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects. What is asked last is what is shown, however late an earlier answer comes. */
  ask(query: string): Promise<void>;
  /** Asks once more for what could not be had. */
  renew(): Promise<void>;
}

const LIMIT = 50;

export function createSearch(call: Call): Search {
  const query = signal("");
  const found = signal<readonly FoundMessage[]>([]);
  const notSearched = signal(0);
  const phase = signal<Phase>(READY);

  async function ask(words: string): Promise<void> {
    const asked = words.trim();
    batch(() => {
      query.value = asked;
      found.value = [];
      phase.value = asked === "" ? READY : LOADING;
    });
    if (asked === "") return;
    try {
      const { messages, not_searched } = await call("session.search", { query: asked, limit: LIMIT });
      if (query.peek() !== asked) return;
      batch(() => {
        found.value = messages;
        notSearched.value = not_searched;
        phase.value = READY;
      });
    } catch (error) {
      if (query.peek() === asked) phase.value = failed(error);
    }
  }

  return {
    query,
    found,
    isCut: computed(() => found.value.length >= LIMIT),
    notSearched,
    phase,
    ask,
    renew: () => (phase.peek().kind === "failed" ? ask(query.peek()) : Promise.resolve()),
  };
}
