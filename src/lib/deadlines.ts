/** Many deadlines of a few lengths: a timer for each length instead of one for each deadline. */

/** Monotonic milliseconds, and how time passes; for tests. */
export interface DeadlineClock {
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => { unref?(): unknown };
}

export interface Deadlines {
  /** Calls `onLate` once, `ms` from now or a moment later, unless disposed before. */
  add(ms: number, onLate: () => void): Disposable;
}

const REAL: DeadlineClock = { now: () => performance.now(), setTimeout: (callback, ms) => setTimeout(callback, ms) };

class Deadline implements Disposable {
  readonly at: number;
  /** Let go of at the end: the garbage collector may keep this object for long, and should not keep a request with it. */
  onLate: (() => void) | undefined;
  readonly #queue: Set<Deadline>;

  constructor(queue: Set<Deadline>, at: number, onLate: () => void) {
    this.#queue = queue;
    this.at = at;
    this.onLate = onLate;
    queue.add(this);
  }

  [Symbol.dispose](): void {
    this.#queue.delete(this);
    this.onLate = undefined;
  }
}

export function createDeadlines({ now, setTimeout }: DeadlineClock = REAL): Deadlines {
  /** By length, in the order in which they were added, which is the order in which they end. */
  const queues = new Map<number, Set<Deadline>>();

  const arm = (ms: number, queue: Set<Deadline>, wait: number): void => {
    const timer = setTimeout(() => {
      for (const deadline of queue) {
        if (deadline.at > now()) {
          arm(ms, queue, deadline.at - now());
          return;
        }
        const { onLate } = deadline;
        deadline[Symbol.dispose]();
        onLate?.();
      }
      queues.delete(ms);
    }, wait);
    timer.unref?.();
  };

  return {
    add(ms, onLate) {
      let queue = queues.get(ms);
      if (queue === undefined) {
        queue = new Set();
        queues.set(ms, queue);
        arm(ms, queue, ms);
      }
      return new Deadline(queue, now() + ms, onLate);
    },
  };
}
