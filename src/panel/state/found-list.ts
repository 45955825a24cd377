/** What the server finds in folders, some of which nobody has trusted yet: the list, and how much of it waits for its owner. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export interface FoundList<T> {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly T[] | undefined>;
  /** Folders in which everything is off because nobody said that they are trusted. */
  readonly untrusted: ReadonlySignal<readonly string[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** How many wait for an approval, as far as is known. */
  readonly waiting: ReadonlySignal<number>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where it was loaded before. */
  renew(): Promise<void>;
  trust(folder: string): Promise<void>;
}

export interface Found<T> {
  readonly items: readonly T[];
  readonly folders?: readonly { readonly path: string; readonly trusted: boolean }[] | undefined;
}

export function createFoundList<T extends { readonly status: string }>(
  call: Call,
  read: () => Promise<Found<T>>,
): FoundList<T> {
  const { value, phase, load, renew } = createLoaded(read);
  const list = computed(() => value.value?.items);
  return {
    list,
    untrusted: computed(() => (value.value?.folders ?? []).filter(({ trusted }) => !trusted).map(({ path }) => path)),
    phase,
    waiting: computed(() => list.value?.filter(({ status }) => status === "pending").length ?? 0),
    load,
    renew,
    async trust(folder) {
      await call("plugins.trustFolder", { folder });
      await load();
    },
  };
}
