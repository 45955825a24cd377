/** One version of a plugin in use: its texts, and its code, which is started when it is first called. */
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ActivePlugin, PluginManifest } from "../sdk/plugin.ts";
import type { OpenPlugin, PluginCall, ProcessHost } from "../sdk/runtime.ts";
import { replaceSupervised, Supervisor, type SupervisorOptions } from "./supervisor.ts";

export interface VersionOptions {
  readonly manifest: PluginManifest;
  readonly sha256: string;
  readonly folder: string;
  readonly open: OpenPlugin;
  /** Texts of the instruction files, by the name of the tool. */
  readonly instructions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Asked at each start of the code. */
  readonly host: (notify: ProcessHost["notify"]) => Promise<ProcessHost>;
  readonly supervise: Pick<SupervisorOptions, "now" | "wait" | "onState"> & { readonly log: Log };
}

/** Without a call for so long, the code is ended until the next. */
const IDLE_MS = 600_000;

/** What runs by itself, such as a service, is not idle because nobody calls it. */
function mayIdle({ start, services, channels }: PluginManifest): boolean {
  return start === "use" && services.length === 0 && channels.length === 0;
}

/** Who still holds one that was replaced is not cut off: its calls reach the newest. */
export class PluginVersion implements ActivePlugin, AsyncDisposable {
  readonly #o: VersionOptions;
  readonly #onNotify = new Set<(topic: string, data: unknown) => void>();
  /** Absent when it has no code. */
  readonly code: Supervisor | undefined;
  #next: PluginVersion | undefined;

  constructor(options: VersionOptions) {
    this.#o = options;
    const { manifest, open, host, supervise } = options;
    const start = open.start?.bind(open);
    if (!start) return;
    const notify = (topic: string, data: unknown) => {
      for (const listener of [...this.#onNotify]) listener(topic, data);
    };
    this.code = new Supervisor({
      plugin: manifest.id,
      start: async () => start(await host(notify)),
      keepRunning: manifest.start === "boot",
      ...(mayIdle(manifest) ? { idleMs: IDLE_MS } : {}),
      ...supervise,
    });
  }

  get manifest(): PluginManifest {
    return this.#o.manifest;
  }

  get folder(): string {
    return this.#o.folder;
  }

  get sha256(): string {
    return this.#o.sha256;
  }

  get prompts(): OpenPlugin["prompts"] {
    return this.#o.open.prompts;
  }

  get instructions(): Readonly<Record<string, string>> {
    return this.#o.instructions;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#o.env;
  }

  async call(call: PluginCall): Promise<unknown> {
    return this.#live.call(call);
  }

  async *stream(call: PluginCall): AsyncIterable<unknown> {
    yield* this.#live.stream(call);
  }

  onNotify(listener: (topic: string, data: unknown) => void): Disposable {
    const own = (topic: string, data: unknown) => listener(topic, data);
    this.#onNotify.add(own);
    return { [Symbol.dispose]: () => void this.#onNotify.delete(own) };
  }

  onExit(listener: (reason: string) => void): Disposable {
    // A plugin without code has nothing that could end.
    return this.code?.onExit(listener) ?? { [Symbol.dispose]() {} };
  }

  /**
   * Puts `next` in its place by calling `swap`, once its code runs where this one's does. Until `swap` has settled, calls of
   * this one reach its own code. Rejects when `next` cannot be started: then all is as it was, and `next` is disposed.
   * `ended` gets what settles when nothing of this one is left.
   */
  async replace(next: PluginVersion, swap: () => Promise<void>, ended: (result: Promise<void>) => void): Promise<void> {
    const { code } = this;
    if (!code?.process || !next.code) {
      // Nothing runs in it that would have to be stopped.
      this.#next = next;
      ended(swap().then(() => this[Symbol.asyncDispose]()));
      return;
    }
    const swapped = Promise.withResolvers<void>();
    const left = replaceSupervised(code, next.code, async () => {
      const settled = swap();
      swapped.resolve();
      await settled;
      this.#next = next;
    });
    ended(left.then(() => this.#o.open[Symbol.asyncDispose](), swapped.reject));
    try {
      await swapped.promise;
    } catch (thrown) {
      await next[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** The code that calls go to. */
  get #live(): Supervisor {
    let version: PluginVersion = this;
    while (version.#next) version = version.#next;
    if (version.code) return version.code;
    const { id } = this.manifest;
    throw new AlephError("plugin_error", `Plugin "${id}" has no code`, { data: { plugin: id, code: "unavailable" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.code?.[Symbol.asyncDispose]();
    await this.#o.open[Symbol.asyncDispose]();
  }
}
