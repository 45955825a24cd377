/** One background service of a plugin: Stopped, Starting, Running, Stopping, Stopped. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { WireService } from "../protocol/service.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ActivePlugin, PluginService } from "../sdk/plugin.ts";
import type { PluginServiceCall } from "../sdk/plugin-service.ts";

export type ServiceState = WireService["state"];

export interface ServiceOptions {
  readonly plugin: ActivePlugin;
  readonly service: PluginService;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What may follow on what. A failure, and the end of its process, lead to `stopped` from anywhere. */
const NEXT: Readonly<Record<ServiceState, ServiceState>> = {
  stopped: "starting",
  starting: "running",
  running: "stopping",
  stopping: "stopped",
};

const FIRST_RESTART_MS = 1000;
const LONGEST_RESTART_MS = 300_000;
/** Whoever ran for so long begins anew with the shortest wait. */
const WELL_AFTER_MS = 60_000;
/** A service that goes with its plugin, or with the server, has so long to stop. */
const LEAVE_MS = 5000;

export class Service {
  readonly #o: ServiceOptions;
  #state: ServiceState = "stopped";
  #error: AlephError | undefined;
  #since: number;
  #startedAt = 0;
  #failures = 0;
  /** Whether it is to run: a failure starts it again, a stop by hand does not. */
  #isWanted = false;
  #restart: { readonly abort: AbortController; readonly at: number } | undefined;
  /** What `starting` and `stopping` wait for. */
  #transition: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #isClosed = false;

  constructor(options: ServiceOptions) {
    this.#o = options;
    this.#since = options.now();
  }

  get name(): string {
    return this.#o.service.name;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  get status(): WireService {
    const { plugin, service } = this.#o;
    return {
      name: service.name,
      plugin_id: plugin.manifest.id,
      description: service.description,
      state: this.#state,
      error: this.#error ? { reason: this.#error.reason, message: this.#error.message } : null,
      since: this.#since,
      auto_start: service.autoStart,
      restart_at: this.#restart?.at ?? null,
    };
  }

  /** Resolves when it runs. Throws `conflict` unless it is stopped, and what its handler throws; then it stays stopped. */
  async start(): Promise<void> {
    this.#refuseUnless("stopped", "start");
    this.#failures = 0;
    try {
      await this.#start();
    } catch (thrown) {
      this.#isWanted = false;
      this.#tell(AlephError.from(thrown), null);
      throw thrown;
    }
  }

  /** As `start`, and tries again later where that fails. Never rejects. */
  async keepRunning(): Promise<void> {
    if (this.#state !== "stopped" || this.#isClosed) return;
    this.#isWanted = true;
    try {
      await this.#start();
    } catch (thrown) {
      if (!this.#isClosed) this.#startLater(AlephError.from(thrown));
    }
  }

  /**
   * Resolves when it has stopped. Throws `conflict` unless it runs or is to be started again, and what its handler
   * throws; stopped it is then all the same.
   */
  async stop(): Promise<void> {
    if (this.#state === "stopped" && this.#restart !== undefined) {
      this.#isWanted = false;
      this.#dropRestart();
      return;
    }
    this.#refuseUnless("running", "stop");
    this.#isWanted = false;
    await this.#stop();
  }

  /** Stops it whatever it does, for good. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#dropRestart();
    if (this.#state === "starting") this.#transition?.abort.abort();
    await this.#transition?.done;
    if (this.#state === "running") await this.#stop(LEAVE_MS).catch(() => "logged below");
  }

  /** It ended by itself, or with its process. */
  ended(reason: string): void {
    if (this.#state !== "running") return;
    const { plugin, service } = this.#o;
    const error = new AlephError("plugin_error", `Service "${service.name}" ended: ${reason}`, {
      data: { plugin: plugin.manifest.id },
    });
    if (this.#o.monotonic() - this.#startedAt >= WELL_AFTER_MS) this.#failures = 0;
    this.#fail(error);
    if (this.#isWanted && !this.#isClosed) this.#startLater(error);
    else this.#tell(error, null);
  }

  #start(): Promise<void> {
    this.#dropRestart();
    this.#enter("starting");
    const { bus, log, monotonic, service } = this.#o;
    return this.#transit(async (signal) => {
      try {
        await this.#call(service.startHandler, signal);
      } catch (thrown) {
        log.warn("service could not be started", { ...this.#about, ...describeError(thrown) });
        this.#fail(AlephError.from(thrown));
        throw thrown;
      }
      this.#error = undefined;
      this.#isWanted = true;
      this.#startedAt = monotonic();
      this.#enter("running");
      log.info("service started", this.#about);
      bus.publish("service.started", this.#about);
    });
  }

  #stop(timeoutMs?: number): Promise<void> {
    this.#enter("stopping");
    const { bus, log, service } = this.#o;
    return this.#transit(async (signal) => {
      try {
        await this.#call(service.stopHandler, signal, timeoutMs);
      } catch (thrown) {
        log.warn("service could not be stopped in order", { ...this.#about, ...describeError(thrown) });
        this.#error = AlephError.from(thrown);
        throw thrown;
      } finally {
        this.#enter("stopped");
        log.info("service stopped", this.#about);
        bus.publish("service.stopped", this.#about);
      }
    });
  }

  async #transit(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    const done = Promise.withResolvers<void>();
    this.#transition = { abort, done: done.promise };
    try {
      await work(abort.signal);
    } finally {
      this.#transition = undefined;
      done.resolve();
    }
  }

  async #call(handler: string, signal: AbortSignal, timeoutMs?: number): Promise<void> {
    const { plugin, service } = this.#o;
    const args: PluginServiceCall = { service: service.name };
    await plugin.call({ handler, args, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  #startLater(error: AlephError): void {
    const { now, wait, log } = this.#o;
    const ms = Math.min(FIRST_RESTART_MS * 2 ** this.#failures++, LONGEST_RESTART_MS);
    const abort = new AbortController();
    this.#restart = { abort, at: now() + ms };
    this.#tell(error, ms);
    log.warn("service is started again later", { ...this.#about, retry_in_ms: ms, error: error.message });
    void wait(ms, abort.signal).then(() => {
      if (!abort.signal.aborted) void this.keepRunning();
    });
  }

  #dropRestart(): void {
    this.#restart?.abort.abort();
    this.#restart = undefined;
  }

  #tell({ reason, message }: AlephError, retryInMs: number | null): void {
    this.#o.bus.publish("service.failed", { ...this.#about, error: { reason, message }, retry_in_ms: retryInMs });
  }

  get #about() {
    return { plugin_id: this.#o.plugin.manifest.id, service: this.#o.service.name };
  }

  #refuseUnless(wanted: ServiceState, action: string): void {
    if (this.#isClosed) throw new AlephError("not_found", `The plugin of service "${this.name}" is gone`);
    if (this.#state === wanted) return;
    throw new AlephError("conflict", `Service "${this.name}" is ${this.#state}: it cannot ${action} now`, {
      data: { state: this.#state },
    });
  }

  #enter(state: ServiceState): void {
    if (NEXT[this.#state] !== state) {
      throw new AlephError("internal", "Internal error", { cause: `service from ${this.#state} to ${state}` });
    }
    this.#set(state);
  }

  #fail(error: AlephError): void {
    this.#error = error;
    this.#set("stopped");
  }

  #set(state: ServiceState): void {
    this.#state = state;
    this.#since = this.#o.now();
  }
}
