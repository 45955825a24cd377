/** What `/metrics` tells: plain numbers that cost nothing until someone asks. */

export interface RequestCount {
  readonly method: string;
  readonly outcome: string;
  count: number;
  /** Sum of durations. */
  ms: number;
}

export class Metrics {
  readonly #byMethod = new Map<string, Map<string, RequestCount>>();

  request(method: string, outcome: string, ms: number): void {
    const outcomes = this.#byMethod.get(method) ?? new Map<string, RequestCount>();
    if (outcomes.size === 0) this.#byMethod.set(method, outcomes);
    const known = outcomes.get(outcome);
    if (known) {
      known.count++;
      known.ms += ms;
    } else {
      outcomes.set(outcome, { method, outcome, count: 1, ms });
    }
  }

  get requests(): readonly Readonly<RequestCount>[] {
    return [...this.#byMethod.values()].flatMap((outcomes) => [...outcomes.values()]);
  }
}
