/** One version of a plugin in use: its texts, and its code, which is started when it is first called. */
import { AlephError } from "../protocol/errors.ts";
import type { ActivePlugin, PluginManifest } from "../sdk/plugin.ts";
import type { OpenPlugin, PluginCall, PluginProcess, ProcessHost } from "../sdk/runtime.ts";

export interface VersionOptions {
  readonly manifest: PluginManifest;
  readonly open: OpenPlugin;
  readonly instructions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Made anew for each start; `notify` reaches the listeners. */
  readonly host: (notify: ProcessHost["notify"]) => Promise<ProcessHost>;
}

/** Disposing ends its code and whatever that started. */
export class PluginVersion implements ActivePlugin, AsyncDisposable {
  readonly #o: VersionOptions;
  readonly #onNotify = new Set<(topic: string, data: unknown) => void>();
  readonly #onExit = new Set<(reason: string) => void>();
  #process: Promise<PluginProcess> | undefined;
  #disposed = false;

  constructor(options: VersionOptions) {
    this.#o = options;
  }

  get manifest(): PluginManifest {
    return this.#o.manifest;
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
    return (await this.#started()).call(call);
  }

  async *stream(call: PluginCall): AsyncIterable<unknown> {
    yield* (await this.#started()).stream(call);
  }

  onNotify(listener: (topic: string, data: unknown) => void): Disposable {
    return subscribe(this.#onNotify, listener);
  }

  onExit(listener: (reason: string) => void): Disposable {
    return subscribe(this.#onExit, listener);
  }

  #started(): Promise<PluginProcess> {
    if (this.#process) return this.#process;
    const started = this.#start();
    this.#process = started;
    const gone = (reason?: string) => {
      if (this.#process === started) this.#process = undefined;
      if (reason !== undefined) for (const listener of [...this.#onExit]) listener(reason);
    };
    started.then(
      async (running) => gone((await running.exited).reason),
      () => gone(),
    );
    return started;
  }

  async #start(): Promise<PluginProcess> {
    const { manifest, open, host } = this.#o;
    if (this.#disposed || !open.start) {
      const why = this.#disposed ? "is not in use any more" : "has no code";
      throw new AlephError("plugin_error", `Plugin "${manifest.id}" ${why}`, { data: { plugin: manifest.id } });
    }
    return open.start(
      await host((topic, data) => {
        for (const listener of [...this.#onNotify]) listener(topic, data);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const started = this.#process;
    this.#process = undefined;
    try {
      await (await started)?.[Symbol.asyncDispose]();
    } catch {
      // It could not be started: whoever called it was told why.
    }
    await this.#o.open[Symbol.asyncDispose]();
  }
}

function subscribe<A extends readonly unknown[]>(
  listeners: Set<(...args: A) => void>,
  listener: (...args: A) => void,
): Disposable {
  // A function of its own, so that one listener registered twice is two.
  const own = (...args: A) => listener(...args);
  listeners.add(own);
  return { [Symbol.dispose]: () => void listeners.delete(own) };
}
