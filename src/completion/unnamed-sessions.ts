/** The sessions of requests that name none: nobody goes on with them, but what they began in the background may still work. */
import { describeError, type Log } from "../lib/log.ts";

/** Long enough for what a run leaves behind, and for somebody who looks at what it did. */
const KEPT_MS = 3_600_000;
/** However often is asked: the oldest go first. */
const MOST = 1000;

export interface UnnamedSessionsOptions {
  readonly end: (sessionKey: string) => Promise<void>;
  readonly log: Log;
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
  readonly keptMs?: number;
  readonly most?: number;
}

export class UnnamedSessions implements Disposable {
  readonly #o: UnnamedSessionsOptions;
  readonly #keptMs: number;
  readonly #most: number;
  /** Oldest first. */
  readonly #answered = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: UnnamedSessionsOptions) {
    this.#o = options;
    this.#keptMs = options.keptMs ?? KEPT_MS;
    this.#most = options.most ?? MOST;
  }

  /** Its request was answered. */
  add(sessionKey: string): void {
    this.#answered.set(sessionKey, this.#o.monotonic());
    this.#sweep();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #sweep(): void {
    clearTimeout(this.#timer);
    const old = this.#o.monotonic() - this.#keptMs;
    for (const [key, at] of this.#answered) {
      if (this.#answered.size <= this.#most && at > old) {
        this.#timer = setTimeout(() => this.#sweep(), at - old);
        this.#timer.unref();
        return;
      }
      this.#answered.delete(key);
      this.#o.end(key).catch((error: unknown) => {
        this.#o.log.error("the session of a request could not be ended", { session: key, ...describeError(error) });
      });
    }
  }
}
