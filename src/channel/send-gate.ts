/**
 * Lets messages out one by one to places that know no key: of those whose fate a killed process does not know, there is one. What
 * takes long holds up its own account for seconds, and the others no more.
 */

export interface SendGateOptions {
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Places take a message in less than a second. */
const LONG_MS = 3000;

/** Resolves with how to leave when it is one's turn, in order; with nothing when the signal aborts before that. */
type Entrance = (signal: AbortSignal) => Promise<(() => void) | undefined>;

interface Lane {
  readonly enter: Entrance;
  /** Its last message took too long: the other accounts do not wait for it until it is quick again. */
  isSlow: boolean;
}

export class SendGate {
  readonly #o: SendGateOptions;
  readonly #enter = createEntrance();
  /** By account. */
  readonly #lanes = new Map<string, Lane>();

  constructor(options: SendGateOptions) {
    this.#o = options;
  }

  /**
   * Runs `work` when its turn has come; it lasts from the call of the place until what came of it is noted. Nothing runs, and it
   * resolves with nothing, when the signal aborts before that. Rejects as `work` does.
   */
  async pass<T>(account: string, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    const lane = this.#laneOf(account);
    const leaveLane = await lane.enter(signal);
    const leaveAll = leaveLane && (lane.isSlow ? () => undefined : await this.#enter(signal));
    if (!leaveAll) {
      leaveLane?.();
      return undefined;
    }
    const leave = () => {
      leaveAll();
      leaveLane();
    };
    const done = new AbortController();
    let isLate = false;
    void this.#o.wait(LONG_MS, done.signal).then(() => {
      if (done.signal.aborted) return;
      isLate = true;
      lane.isSlow = true;
      leave();
    });
    try {
      return await work();
    } finally {
      done.abort();
      if (!isLate) lane.isSlow = false;
      leave();
    }
  }

  #laneOf(account: string): Lane {
    const known = this.#lanes.get(account);
    if (known) return known;
    const lane: Lane = { enter: createEntrance(), isSlow: false };
    this.#lanes.set(account, lane);
    return lane;
  }
}

function createEntrance(): Entrance {
  let last = Promise.resolve();
  return (signal) => {
    const before = last;
    const { promise, resolve: leave } = Promise.withResolvers<void>();
    last = promise;
    return new Promise((resolve) => {
      const giveUp = () => {
        resolve(undefined);
        // Whoever came later still waits for those before.
        void before.then(leave);
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      void before.then(() => {
        signal.removeEventListener("abort", giveUp);
        if (!signal.aborted) resolve(leave);
      });
    });
  };
}
