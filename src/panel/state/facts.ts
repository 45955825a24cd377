/** What is remembered: read when its page is opened, found by words, added to and forgotten. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type ShownFact = Result<"memory.list">["facts"][number];
export type StoredFact = Result<"memory.store">;

export interface Facts {
  /** The latest, or what fits the words best; undefined until it is known. */
  readonly list: ReadonlySignal<readonly ShownFact[] | undefined>;
  readonly stats: ReadonlySignal<Result<"memory.stats"> | undefined>;
  /** The words that the list answers. */
  readonly query: ReadonlySignal<string>;
  /** The words that were asked for last. */
  readonly asked: ReadonlySignal<string>;
  /** Whether there are more than are shown. */
  readonly hasMore: ReadonlySignal<boolean>;
  /** Whether only the best of what fits the words, or the latest of very many, are listed. */
  readonly isCut: ReadonlySignal<boolean>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  renew(): Promise<void>;
  /** Words or a question; nothing lists the latest. */
  search(query: string): Promise<void>;
  more(): Promise<void>;
  /** Rejects with the server's reason, as `forget`. */
  add(content: string, subject: string): Promise<StoredFact>;
  forget(fact: ShownFact): Promise<void>;
}

const PAGE = 100;
const FOUND = 50;
const MOST = 1000;

export function createFacts(call: Call): Facts {
  const wanted = signal("");
  const limit = signal(PAGE);
  const { value, phase, load, renew } = createLoaded(async () => {
    const words = wanted.peek();
    const [stats, found] = await Promise.all([
      call("memory.stats", {}),
      words === ""
        ? call("memory.list", { limit: limit.peek() })
        : call("memory.search", { query: words, limit: FOUND }).then(({ facts }) => ({ facts, next: undefined })),
    ]);
    return { words, stats, facts: found.facts, next: found.next };
  });
  return {
    list: computed(() => value.value?.facts),
    stats: computed(() => value.value?.stats),
    query: computed(() => value.value?.words ?? ""),
    asked: wanted,
    hasMore: computed(() => value.value?.next !== undefined && limit.value < MOST),
    isCut: computed(() => {
      const { words = "", facts = [] } = value.value ?? {};
      return facts.length >= (words === "" ? MOST : FOUND);
    }),
    phase,
    load,
    renew,
    search(words) {
      wanted.value = words.trim();
      limit.value = PAGE;
      return load();
    },
    more() {
      limit.value = Math.min(MOST, limit.peek() + 3 * PAGE);
      return load();
    },
    async add(content, subject) {
      const stored = await call("memory.store", { content, ...(subject === "" ? {} : { subject }) });
      await load();
      return stored;
    },
    async forget({ fact_id, agent }) {
      await call("memory.delete", { fact_id, agent });
      await load();
    },
  };
}
