/** How often something failed of late: how long to wait before the next attempt, and when to give up. */

/** So many failures within the window are too many. */
export const MAX_FAILURES = 5;
const FAILURE_WINDOW_MS = 300_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export class Failures {
  /** When the last ones were, the oldest first. */
  #times: number[] = [];
  /** Without a quiet window between them. */
  #inRow = 0;

  /** `at` in monotonic milliseconds. */
  add(at: number): void {
    this.#times = this.#times.filter((time) => time > at - FAILURE_WINDOW_MS);
    this.#inRow = this.#times.length === 0 ? 1 : this.#inRow + 1;
    this.#times.push(at);
  }

  get tooMany(): boolean {
    return this.#times.length >= MAX_FAILURES;
  }

  /** Whole milliseconds until the next attempt may be made. */
  pause(now: number): number {
    const last = this.#times.at(-1);
    if (last === undefined) return 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#inRow - 1), LONGEST_PAUSE_MS);
    return Math.max(0, Math.ceil(last + pause - now));
  }
}
