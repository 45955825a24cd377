/** The versions of plugins that are in use: who uses them is told of each change, and what goes ends when they have let go. */
import { describeError, type Log } from "../lib/log.ts";
import type { PluginVersion } from "./plugin-version.ts";

export interface InUseOptions {
  readonly log: Log;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How long those who use plugins may take to let go of one. */
const TAKE_MS = 5000;

export class InUse {
  readonly #o: InUseOptions;
  readonly #listeners = new Set<() => void | Promise<void>>();
  /** No longer in use, and nobody was told yet. */
  readonly #closing: PluginVersion[] = [];
  readonly #leaving = new Set<Promise<void>>();
  #current: readonly PluginVersion[] = [];

  constructor(options: InUseOptions) {
    this.#o = options;
  }

  get current(): readonly PluginVersion[] {
    return this.#current;
  }

  onChange(listener: () => void | Promise<void>): Disposable {
    const own = () => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /** It ends when it was told, with the next `set`. */
  close(version: PluginVersion): void {
    this.#closing.push(version);
  }

  /** Resolves when all who use plugins have taken the change in, or took too long. */
  set(versions: readonly PluginVersion[]): Promise<void> {
    const now = versions.toSorted((a, b) => (a.manifest.id < b.manifest.id ? -1 : 1));
    const isSame = now.length === this.#current.length && now.every((one, index) => one === this.#current[index]);
    let taken = Promise.resolve();
    if (!isSame) {
      this.#current = now;
      taken = this.#taken([...this.#listeners].map((listener) => listener()));
    }
    for (const version of this.#closing.splice(0)) this.leave(taken.then(() => version[Symbol.asyncDispose]()));
    return taken;
  }

  /** `ended` settles when nothing is left of a version. */
  leave(ended: Promise<void>): void {
    const left: Promise<void> = ended
      .catch((thrown: unknown) => this.#o.log.error("plugin could not be closed", describeError(thrown)))
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  /** Resolves when nothing is left of those that are not in use. */
  async cleared(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  async #taken(promises: readonly (void | Promise<void>)[]): Promise<void> {
    const late = new AbortController();
    await Promise.race([Promise.allSettled(promises), this.#o.wait(TAKE_MS, late.signal)]);
    late.abort();
  }
}
