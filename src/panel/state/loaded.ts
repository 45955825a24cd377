/** Something that a page reads from the server: when the page is opened, when it changed, and after a new connect. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

export interface Loaded<T> {
  /** Undefined until it is known; what was read last stays when reading it anew fails. */
  readonly value: ReadonlySignal<T | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where somebody has asked for it before. */
  renew(): Promise<void>;
}

export function createLoaded<T>(read: () => Promise<T>): Loaded<T> {
  const value = signal<T | undefined>(undefined);
  const phase = signal<Phase>(LOADING);
  let loading: Promise<void> | undefined;
  let isStale = false;
  let isWanted = false;

  async function run(): Promise<void> {
    try {
      do {
        isStale = false;
        value.value = await (async () => read())();
        // Something changed while the answer was on its way.
      } while (isStale);
      phase.value = READY;
    } catch (error) {
      phase.value = failed(error);
    } finally {
      // At once: who asks from here on is not to be told by what was read before.
      loading = undefined;
    }
  }

  function load(): Promise<void> {
    isWanted = true;
    if (loading) isStale = true;
    loading ??= run();
    return loading;
  }

  return { value, phase, load, renew: () => (isWanted ? load() : Promise.resolve()) };
}
