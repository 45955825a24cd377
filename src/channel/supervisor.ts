/** Keeps one channel open: opens it, tries again after a failure, closes it when it is to stop. */
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { AlephError } from "../protocol/errors.ts";
import type { WireInterface } from "../protocol/interface.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { OpenChannel } from "../sdk/channel.ts";

/** `error`: the last attempt failed and the next one is to come. */
export type InterfaceState = WireInterface["state"];

export interface SupervisorOptions {
  readonly id: string;
  readonly open: (signal: AbortSignal) => Promise<OpenChannel>;
  readonly bus: Publisher;
  readonly log: Log;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly monotonic: () => number;
}

const RETRIES = { firstMs: 1000, factor: 2, longestMs: 300_000 };
/** What broke after so long a time is tried again as soon as what never broke. */
const WELL_AFTER_MS = 60_000;

/** From one start to the stop that ends it, over all attempts. */
interface Life {
  readonly abort: AbortController;
  /** Resolves when the first attempt has ended, well or not. */
  readonly attempted: Promise<void>;
  readonly ended: Promise<void>;
}

export class Supervisor {
  readonly #o: SupervisorOptions;
  #life: Life | undefined;
  #state: InterfaceState = "stopped";
  #error: AlephError | undefined;
  #channel: OpenChannel | undefined;
  #openedAt = Number.POSITIVE_INFINITY;

  constructor(options: SupervisorOptions) {
    this.#o = options;
  }

  get state(): InterfaceState {
    return this.#state;
  }

  /** Why the last attempt failed, until one succeeds. */
  get error(): AlephError | undefined {
    return this.#error;
  }

  /** While it is running. */
  get channel(): OpenChannel | undefined {
    return this.#channel;
  }

  /** Resolves when the first attempt has ended, well or not. What waits for its next attempt is tried at once. */
  async start(): Promise<void> {
    while (this.#life && (this.#life.abort.signal.aborted || this.#state === "error")) await this.stop();
    this.#life ??= this.#begin();
    await this.#life.attempted;
  }

  async stop(): Promise<void> {
    const life = this.#life;
    life?.abort.abort();
    await life?.ended;
  }

  #begin(): Life {
    const abort = new AbortController();
    const attempted = Promise.withResolvers<void>();
    const ended = this.#live(abort.signal, attempted.resolve).finally(() => {
      this.#life = undefined;
      attempted.resolve();
    });
    return { abort, attempted: attempted.promise, ended };
  }

  async #live(signal: AbortSignal, attempted: () => void): Promise<void> {
    const { id, bus } = this.#o;
    for (let failures = 0; !signal.aborted; failures++) {
      this.#state = "starting";
      try {
        await this.#hold(signal, attempted);
      } catch (thrown) {
        if (this.#o.monotonic() - this.#openedAt >= WELL_AFTER_MS) failures = 0;
        this.#openedAt = Number.POSITIVE_INFINITY;
        await this.#failed(thrown, failures, signal, attempted);
      }
    }
    this.#state = "stopped";
    bus.publish("interface.stopped", { interface: id });
  }

  /** Opens it and resolves when it was closed again. Rejects when it could not be opened, or broke. */
  async #hold(signal: AbortSignal, attempted: () => void): Promise<void> {
    const { id, bus, log, monotonic } = this.#o;
    await using channel = await this.#o.open(signal);
    if (signal.aborted) return;
    this.#openedAt = monotonic();
    this.#channel = channel;
    this.#state = "running";
    this.#error = undefined;
    log.info("interface started", { interface: id });
    bus.publish("interface.started", { interface: id });
    attempted();
    const broke = await brokenBefore(signal, channel.broken);
    this.#channel = undefined;
    if (broke) throw broke;
  }

  async #failed(thrown: unknown, failures: number, signal: AbortSignal, attempted: () => void): Promise<void> {
    const { id, bus, log, wait } = this.#o;
    if (signal.aborted) {
      // Giving up because it was told to is no failure; what a channel throws while it closes is worth a look.
      log.debug("interface stopped with an error", { interface: id, ...describeError(thrown) });
      return;
    }
    const retryInMs = retryAfter(failures, RETRIES);
    this.#error = AlephError.from(thrown);
    this.#state = "error";
    log.warn("interface could not be started", { interface: id, retry_in_ms: retryInMs, ...describeError(thrown) });
    const { reason, message } = this.#error;
    bus.publish("interface.error", { interface: id, error: { reason, message }, retry_in_ms: retryInMs });
    attempted();
    await wait(retryInMs, signal);
  }
}

/** Why it broke; undefined when the signal aborted first. Leaves nothing behind at the signal, which outlives many connections. */
async function brokenBefore(signal: AbortSignal, broken: Promise<Error> | undefined): Promise<Error | undefined> {
  const over = new AbortController();
  const stopped = new Promise<undefined>((resolve) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([stopped, ...(broken ? [broken] : [])]);
  } finally {
    over.abort();
  }
}
