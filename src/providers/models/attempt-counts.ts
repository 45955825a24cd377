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
  readonly #counts: AttemptCount[] = [];

  add({ provider, key, outcome, ms }: Attempt): void {
    const place = key === null ? "" : String(key);
    // There are few: a name for a map would take longer to make than it takes to look at them.
    for (const known of this.#counts) {
      if (known.provider !== provider || known.outcome !== outcome || known.key !== place) continue;
      known.count++;
      known.ms += ms;
      return;
    }
    this.#counts.push({ provider, key: place, outcome, count: 1, ms });
  }

  get all(): readonly Readonly<AttemptCount>[] {
    return [...this.#counts];
  }
}
