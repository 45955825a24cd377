/** Looks at many things from time to time: one timer for all of them, and next to nothing to set up or take down for each. */

export interface Watched {
  /** `now` are monotonic milliseconds. */
  look(now: number): void;
}

/** How time passes; for tests. */
export interface RoundClock {
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => { unref?(): unknown };
}

const REAL: RoundClock = { now: () => performance.now(), setTimeout: (callback, ms) => setTimeout(callback, ms) };

export class WatchRound {
  /** Places are used again: a set would make, and leave behind, an entry for each. */
  readonly #watched: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #everyMs: number;
  readonly #clock: RoundClock;
  #isUnderWay = false;

  constructor(everyMs: number, clock: RoundClock = REAL) {
    this.#everyMs = everyMs;
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** The place of it, for `delete`. */
  add(one: Watched): number {
    const place = this.#free.pop() ?? this.#watched.length;
    this.#watched[place] = one;
    if (!this.#isUnderWay) this.#goOn();
    return place;
  }

  /** Must be called once for each `add`. */
  delete(place: number): void {
    this.#watched[place] = undefined;
    this.#free.push(place);
  }

  #goOn(): void {
    this.#isUnderWay = true;
    const timer = this.#clock.setTimeout(() => {
      this.#isUnderWay = false;
      const now = this.#clock.now();
      for (const one of this.#watched) one?.look(now);
      if (this.#free.length < this.#watched.length) this.#goOn();
    }, this.#everyMs);
    timer.unref?.();
  }
}
