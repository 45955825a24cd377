/** What `/metrics` tells: plain numbers that cost nothing until someone asks. */

export interface RequestCount {
  readonly method: string;
  readonly outcome: string;
  count: number;
  /** Sum of durations. */
  ms: number;
}

export class Metrics {
  readonly #requests = new Map<string, RequestCount>();

  request(method: string, outcome: string, ms: number): void {
    const key = `${method}\n${outcome}`;
    const known = this.#requests.get(key);
    if (known) {
      known.count++;
      known.ms += ms;
    } else {
      this.#requests.set(key, { method, outcome, count: 1, ms });
    }
  }

  get requests(): readonly Readonly<RequestCount>[] {
    return [...this.#requests.values()];
  }
}
