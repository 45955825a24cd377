/** Keeps the code of one plugin: starts it when it is needed, again after it failed, ends it when nobody needs it. */

import { Failures, MAX_FAILURES } from "../lib/failures.ts";
import { describeError, type Log } from "../lib/log.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginCall, PluginProcess } from "../sdk/runtime.ts";

export interface SupervisorOptions {
  readonly plugin: string;
  readonly start: () => Promise<PluginProcess>;
  /** Start it again by itself whenever its process has ended: for `start = "boot"`. */
  readonly keepRunning?: boolean;
  /** End a process that nobody has called or held for so long. Left out: it runs on. */
  readonly idleMs?: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  /** Called after `state` has changed. */
  readonly onState?: (state: CodeState) => void;
}

/** `stopped`: started by the next call. `waiting`: for the next attempt. `failed`: too often, not started again. */
export type CodeState = "stopped" | "waiting" | "starting" | "running" | "failed";

/**
 * Calls start the process when there is none, one for all; after a failure they wait for the next attempt. After too
 * many failures they reject at once, until a new supervisor is made. Disposing ends the process.
 */
export class Supervisor implements AsyncDisposable {
  readonly #o: SupervisorOptions;
  readonly #ending = new AbortController();
  readonly #failures = new Failures();
  readonly #onExit = new Set<(reason: string) => void>();
  readonly #onSettled = new Set<() => void>();
  #state: CodeState = "stopped";
  #error: AlephError | undefined;
  #process: PluginProcess | undefined;
  #starting: Promise<PluginProcess> | undefined;
  #restarting = false;
  /** What keeps it from being idle: calls, streams and holds. */
  #uses = 0;
  #lastUse = 0;

  constructor(options: SupervisorOptions) {
    this.#o = options;
  }

  get state(): CodeState {
    return this.#state;
  }

  /** Why it failed last, until a start succeeds. */
  get error(): AlephError | undefined {
    return this.#error;
  }

  /** While it runs. */
  get process(): PluginProcess | undefined {
    return this.#process;
  }

  /** Resolves when the code runs. Rejects with what keeps it from that. */
  async start(): Promise<void> {
    await this.#ready();
  }

  /** Rejects as `PluginProcess.call`, and with `plugin_error` when the code cannot be started. */
  async call(call: PluginCall): Promise<unknown> {
    this.#uses++;
    try {
      const process = this.#process ?? (await this.#ready(call.signal));
      return await process.call(call);
    } finally {
      this.#release();
    }
  }

  async *stream(call: PluginCall): AsyncIterable<unknown> {
    this.#uses++;
    try {
      const process = this.#process ?? (await this.#ready(call.signal));
      yield* process.stream(call);
    } finally {
      this.#release();
    }
  }

  /** Until disposed, its process is not ended for being idle. */
  hold(): Disposable {
    let isHeld = true;
    this.#uses++;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  /** Called whenever its process has ended, until disposed. */
  onExit(listener: (reason: string) => void): Disposable {
    const own = (reason: string) => listener(reason);
    this.#onExit.add(own);
    return { [Symbol.dispose]: () => void this.#onExit.delete(own) };
  }

  /** Resolves when nothing uses it, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.#uses === 0) return;
    const late = new AbortController();
    const settled = Promise.withResolvers<void>();
    this.#onSettled.add(settled.resolve);
    await Promise.race([settled.promise, this.#o.wait(ms, late.signal)]);
    this.#onSettled.delete(settled.resolve);
    late.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#starting?.catch(() => {}); // Whoever waited for it was told.
    await this.#process?.[Symbol.asyncDispose]();
  }

  #release(): void {
    this.#uses--;
    this.#lastUse = this.#o.now();
    if (this.#uses === 0) for (const settled of this.#onSettled) settled();
  }

  #ready(signal?: AbortSignal): Promise<PluginProcess> {
    if (this.#process) return Promise.resolve(this.#process);
    if (this.#ending.signal.aborted) return Promise.reject(this.#refusal("is not in use any more"));
    if (this.#state === "failed") {
      const why = this.#error?.message ?? "unknown reason";
      const message = `failed ${MAX_FAILURES} times within a few minutes and is not started again: ${why}`;
      return Promise.reject(this.#refusal(message, "plugins.reload starts it again"));
    }
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined;
    });
    return signal ? unlessAborted(this.#starting, signal, cancelled) : this.#starting;
  }

  async #begin(): Promise<PluginProcess> {
    const { now, wait } = this.#o;
    const { signal } = this.#ending;
    const pause = this.#failures.pause(now());
    if (pause > 0) {
      this.#become("waiting");
      await wait(pause, signal);
    }
    if (signal.aborted) throw this.#refusal("is not in use any more");
    this.#become("starting");
    let process: PluginProcess;
    try {
      process = await this.#o.start();
    } catch (thrown) {
      this.#failed(AlephError.from(thrown), thrown);
      throw thrown;
    }
    if (signal.aborted) {
      await process[Symbol.asyncDispose]();
      throw this.#refusal("is not in use any more");
    }
    this.#process = process;
    this.#error = undefined;
    this.#lastUse = now();
    this.#become("running");
    void this.#watch(process);
    return process;
  }

  /** Until the process has ended. */
  async #watch(process: PluginProcess): Promise<void> {
    const gone = new AbortController();
    let isIdle = false;
    void this.#waitUntilIdle(gone.signal).then(() => {
      if (gone.signal.aborted) return;
      isIdle = true;
      this.#process = undefined;
      void process[Symbol.asyncDispose]();
    });
    const { reason } = await process.exited;
    gone.abort();
    if (this.#process === process) this.#process = undefined;
    if (isIdle || this.#ending.signal.aborted) {
      // A call that came while it was ending has begun another.
      if (!this.#process && !this.#starting) this.#become("stopped");
    } else {
      const { plugin } = this.#o;
      this.#failed(
        new AlephError("plugin_error", `Plugin "${plugin}" ended: ${reason}`, { data: { plugin, code: "crashed" } }),
      );
    }
    for (const listener of [...this.#onExit]) listener(reason);
  }

  /** Resolves when it was idle for long enough, or when the signal aborts. */
  async #waitUntilIdle(signal: AbortSignal): Promise<void> {
    const { idleMs, now, wait } = this.#o;
    if (idleMs === undefined) return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    while (!signal.aborted) {
      const left = this.#uses > 0 ? idleMs : this.#lastUse + idleMs - now();
      if (left <= 0) return;
      await wait(left, signal);
    }
  }

  async #restart(): Promise<void> {
    this.#restarting = true;
    while (!this.#ending.signal.aborted && this.#state !== "failed" && !this.#process) {
      await this.#ready().catch(() => {}); // Logged where it failed.
    }
    this.#restarting = false;
  }

  #failed(error: AlephError, thrown: unknown = error): void {
    const { plugin, now, log } = this.#o;
    this.#error = error;
    this.#failures.add(now());
    const { tooMany } = this.#failures;
    this.#become(tooMany ? "failed" : "stopped");
    const next = tooMany ? {} : { retry_in_ms: this.#failures.pause(now()) };
    log.warn("plugin failed", { plugin, ...next, ...describeError(thrown) });
    if (this.#o.keepRunning && !this.#restarting) void this.#restart();
  }

  #become(state: CodeState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#o.onState?.(state);
  }

  #refusal(why: string, hint?: string): AlephError {
    const { plugin } = this.#o;
    const data = { plugin, code: "unavailable", ...(hint ? { hint } : {}) };
    return new AlephError("plugin_error", `Plugin "${plugin}" ${why}`, {
      data,
      ...(this.#error ? { cause: this.#error } : {}),
    });
  }
}

/** How long calls to the old version may go on. */
const DRAIN_MS = 10_000;

/**
 * The old version serves until the new one is ready; then `swap` puts the new one in its place, and the old one ends when
 * its calls have. When the new one cannot be started, the old one stays as it is, and this rejects with the reason.
 */
export async function replaceSupervised(
  old: Supervisor,
  next: Supervisor,
  swap: () => void | Promise<void>,
): Promise<void> {
  try {
    await next.start();
  } catch (thrown) {
    await next[Symbol.asyncDispose]();
    throw thrown;
  }
  await swap();
  await old.settled(DRAIN_MS);
  await old[Symbol.asyncDispose]();
}

function cancelled(): AlephError {
  return new AlephError("cancelled", "The call was cancelled");
}
