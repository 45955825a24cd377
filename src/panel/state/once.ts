/** Work that several causes ask for at once is done once more at most after the one under way. */

export interface Once {
  /** Starts `work`, or when `name` is under way already, once again after it. Never rejects. */
  now(name: string, work: () => Promise<void>): Promise<void>;
  /** As `now`, but at most about once a second. */
  soon(name: string, work: () => Promise<void>): void;
}

const PAUSE_MS = 1000;

export function createOnce(): Once {
  const underWay = new Map<string, { again: boolean; done: Promise<void> }>();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  async function run(name: string, work: () => Promise<void>): Promise<void> {
    const known = underWay.get(name);
    if (known) {
      known.again = true;
      return known.done;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const state = { again: false, done: promise };
    underWay.set(name, state);
    do {
      state.again = false;
      try {
        await work();
      } catch {
        // The connection is lost, or the thing is gone; both are told in their own place, and all is read anew later.
      }
    } while (state.again);
    underWay.delete(name);
    resolve();
  }

  return {
    now: run,
    soon(name, work) {
      if (timers.has(name)) return;
      const timer = setTimeout(() => {
        timers.delete(name);
        void run(name, work);
      }, PAUSE_MS);
      timers.set(name, timer);
    },
  };
}
