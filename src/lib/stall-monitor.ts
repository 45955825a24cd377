/** Measures how long the event loop was held up: a timer that should come every 100 ms and tells how late it is. */

const EVERY_MS = 100;
const COUNTS_FROM_MS = 50;

export interface StallMonitor extends Disposable {
  readonly stalls: number;
  readonly longestMs: number;
}

export function startStallMonitor(monotonic: () => number): StallMonitor {
  let stalls = 0;
  let longest = 0;
  let expected = monotonic() + EVERY_MS;
  const timer = setInterval(() => {
    const late = monotonic() - expected;
    expected = monotonic() + EVERY_MS;
    if (late < COUNTS_FROM_MS) return;
    stalls++;
    longest = Math.max(longest, late);
  }, EVERY_MS);
  timer.unref();
  return {
    get stalls() {
      return stalls;
    },
    get longestMs() {
      return longest;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
