/** How many requests went to each provider and how they ended, for whoever measures. */
import type { Attempt } from "./key-ring.ts";

export interface AttemptCount {
  readonly provider: string;
  /** The key's place in the table, from 1; empty where there is but one. */
  readonly key: string;
  readonly outcome: Attempt["outcome"];
  count: number;
  /** Sum of durations. */
  ms: number;
}

export class AttemptCounts {
  readonly #counts = new Map<string, AttemptCount>();

  add({ provider, key, outcome, ms }: Attempt): void {
    const name = `${provider} ${key} ${outcome}`;
    const known = this.#counts.get(name);
    if (known === undefined) {
      this.#counts.set(name, { provider, key: key === null ? "" : String(key), outcome, count: 1, ms });
    } else {
      known.count++;
      known.ms += ms;
    }
  }

  get all(): readonly Readonly<AttemptCount>[] {
    return [...this.#counts.values()];
  }
}
