/**
 * A plugin's module in use. Calls wait for each other: a module does one thing at a time. One that takes too long is
 * ended with its process, and the next gets a new one; variables of the module do not outlive that.
 */
import { AlephError } from "../../../protocol/errors.ts";
import type { PluginCall, PluginExit, PluginProcess, SandboxLevel } from "../../../sdk/runtime.ts";
import type { WasmChild } from "./child.ts";
import { fromOutput, toInput } from "./values.ts";

export interface StartedChild {
  readonly child: WasmChild;
  readonly pid: number;
  readonly level: SandboxLevel;
}

export interface WasmProcessOptions {
  readonly plugin: string;
  /** Its module loaded. Throws `plugin_error` when that cannot be. */
  readonly start: () => Promise<StartedChild>;
  /** Handlers that get a text as it is. */
  readonly plainText: ReadonlySet<string>;
  /** Of one call that does not name its own, in milliseconds. */
  readonly timeoutMs: number;
}

/** Calls that may wait, or are under way. */
const MAX_CALLS = 256;

export class WasmProcess implements PluginProcess {
  readonly #o: WasmProcessOptions;
  readonly #exited = Promise.withResolvers<PluginExit>();
  #current: StartedChild;
  /** Resolves when the call before is over. */
  #turn: Promise<void> = Promise.resolve();
  #calls = 0;
  #starting: Promise<void> | undefined;
  /** Why it takes no more calls. */
  #over: string | undefined;

  constructor(options: WasmProcessOptions, first: StartedChild) {
    this.#o = options;
    this.#current = first;
    this.#follow(first);
  }

  get pid(): number {
    return this.#current.pid;
  }

  get sandbox(): SandboxLevel {
    return this.#current.level;
  }

  get exited(): Promise<PluginExit> {
    return this.#exited.promise;
  }

  async call({ handler, args, context, signal, timeoutMs = this.#o.timeoutMs }: PluginCall): Promise<unknown> {
    const input = toInput(args, this.#o.plainText.has(handler));
    const head = { name: handler, context: context ? JSON.stringify(context) : null };
    using _turn = await this.#wait(signal);
    const output = await (await this.#running()).call(head, input, { timeoutMs, signal });
    try {
      return output === undefined ? null : fromOutput(output);
    } catch {
      throw this.#error("protocol", `Plugin "${this.#o.plugin}" gave an answer that is not UTF-8 text`);
    }
  }

  /** A module gives one answer, whole. */
  async *stream(call: PluginCall): AsyncIterable<unknown> {
    yield await this.call(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over ??= "stopped";
    await this.#starting?.catch(() => "whoever calls is told");
    await this.#current.child[Symbol.asyncDispose]();
    this.#exited.resolve({ reason: this.#over });
  }

  /** Resolves when it is this call's turn; to be disposed when that is over. */
  async #wait(signal: AbortSignal): Promise<Disposable> {
    const { plugin } = this.#o;
    const cancelled = () => new AlephError("cancelled", `The call of plugin "${plugin}" was cancelled`);
    if (signal.aborted) throw cancelled();
    if (this.#calls >= MAX_CALLS) {
      throw new AlephError("overloaded", `Plugin "${plugin}" has ${MAX_CALLS} calls waiting`, { data: { plugin } });
    }
    this.#calls += 1;
    const before = this.#turn;
    const over = Promise.withResolvers<void>();
    this.#turn = over.promise;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(cancelled());
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([before, aborted.promise]);
    } catch (thrown) {
      // It never began: those behind it wait for the one before it.
      this.#calls -= 1;
      void before.then(over.resolve);
      throw thrown;
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return {
      [Symbol.dispose]: () => {
        this.#calls -= 1;
        over.resolve();
      },
    };
  }

  /** The process, or a new one when a call has cost the old one its life. */
  async #running(): Promise<WasmChild> {
    if (this.#over === undefined && this.#current.child.isReplaceable) {
      this.#starting = this.#replace();
      await this.#starting;
    }
    if (this.#over === undefined) return this.#current.child;
    throw this.#error("crashed", `Plugin "${this.#o.plugin}" ended before the call: ${this.#over}`);
  }

  async #replace(): Promise<void> {
    try {
      await this.#current.child.ended;
      this.#current = await this.#o.start();
      this.#follow(this.#current);
    } catch (thrown) {
      this.#over ??= "cannot be started again";
      this.#exited.resolve({ reason: this.#over });
      throw thrown;
    }
  }

  /** What was ended for a call's sake is replaced when it is needed; any other end is the end. */
  #follow({ child }: StartedChild): void {
    void child.ended.then((reason) => {
      if (child.isReplaceable) return;
      this.#over ??= reason;
      this.#exited.resolve({ reason: this.#over });
    });
  }

  #error(code: string, message: string): AlephError {
    return new AlephError("plugin_error", message, { data: { plugin: this.#o.plugin, code } });
  }
}
