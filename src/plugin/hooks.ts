/** The hooks of the plugins in use, by event and in their order. What they mean is written in sdk/hook.ts. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventHooks, HookContexts, Hooked, Hooks } from "../sdk/hook.ts";
import {
  type ActivePlugin,
  type ActivePlugins,
  HOOK_PRIORITIES,
  type HookEvent,
  type PluginHook,
} from "../sdk/plugin.ts";
import { textOfAnswer } from "./answer.ts";
import { applyChange } from "./hook-change.ts";

export interface PluginHooksOptions {
  readonly plugins: ActivePlugins;
  readonly log: Log;
}

interface Registered {
  readonly plugin: ActivePlugin;
  readonly hook: PluginHook;
}

type Table = { readonly [E in HookEvent]?: EventHooks<E> };

/** Of one call of a hook, its plugin's start included. */
const DEFAULT_LIMIT_MS = 5_000;

/** What an interceptor looks at, in words. */
const OBJECTS: Readonly<Record<HookEvent, string>> = {
  before_tool_call: "this call",
  after_tool_call: "the result",
  on_message: "the message",
  on_response: "the answer",
  on_error: "the error",
};

export class PluginHooks implements Hooks, Disposable {
  readonly #o: PluginHooksOptions;
  readonly #subscription: Disposable;
  /** Undefined until it is read, and again when the plugins changed. */
  #table: Table | undefined;
  #changes = 0;

  constructor(options: PluginHooksOptions) {
    this.#o = options;
    this.#subscription = options.plugins.onChange(() => {
      this.#table = undefined;
      this.#changes++;
    });
  }

  of<E extends HookEvent>(event: E): EventHooks<E> | undefined | Promise<EventHooks<E> | undefined> {
    return this.#table ? this.#table[event] : this.#read().then((table) => table[event]);
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  async #read(): Promise<Table> {
    for (;;) {
      const changes = this.#changes;
      const hooks = inOrder(await this.#o.plugins.current());
      // To ask which there are may have brought new ones.
      if (changes !== this.#changes) continue;
      const events = [...new Set(hooks.map(({ hook }) => hook.event))];
      const table: Table = Object.fromEntries(
        events.map((event) => [event, this.#hooksOf(hooks.filter(({ hook }) => hook.event === event))]),
      );
      this.#table = table;
      return table;
    }
  }

  #hooksOf<E extends HookEvent>(registered: readonly Registered[]): EventHooks<E> {
    const ofKind = (kind: PluginHook["kind"]) => registered.filter(({ hook }) => hook.kind === kind);
    const interceptors = ofKind("interceptor");
    const resolvers = ofKind("resolver");
    const observers = ofKind("observer");
    return {
      decides: interceptors.length + resolvers.length > 0,
      run: async (given, signal) => {
        let context = given;
        for (const each of interceptors) {
          context = await intercept(each, context, signal).catch((thrown: unknown) => {
            if (each.hook.event !== "on_error" || signal.aborted) throw thrown;
            // What has failed has failed: there is nothing to block.
            this.#warn("an interceptor was passed over", each, thrown);
            return context;
          });
        }
        const resolved = await this.#resolve(resolvers, context, signal);
        for (const each of observers) this.#observe(each, context);
        return { context, resolved };
      },
    };
  }

  async #resolve<E extends HookEvent>(
    resolvers: readonly Registered[],
    context: HookContexts[E],
    signal: AbortSignal,
  ): Promise<Hooked<E>["resolved"]> {
    for (const each of resolvers) {
      try {
        const value = await ask(each, context, signal);
        if (value !== undefined && value !== null)
          return { plugin: each.plugin.manifest.id, text: textOfAnswer(value) };
      } catch (thrown) {
        if (signal.aborted) throw cancelled(thrown);
        this.#warn("a resolver was passed over", each, thrown);
      }
    }
    return undefined;
  }

  #observe(each: Registered, context: object): void {
    // It may go on when the run has ended: only its own time limit stops it.
    ask(each, context, undefined).catch((thrown: unknown) => this.#warn("an observer failed", each, thrown));
  }

  #warn(message: string, { plugin, hook }: Registered, thrown: unknown): void {
    const { event, handler } = hook;
    this.#o.log.warn(message, { plugin: plugin.manifest.id, event, handler, ...describeError(thrown) });
  }
}

function inOrder(plugins: readonly ActivePlugin[]): readonly Registered[] {
  const all = plugins.flatMap((plugin) => plugin.manifest.hooks.map((hook): Registered => ({ plugin, hook })));
  // Sorting is stable: what has the same priority stays as it was registered.
  return all.sort((a, b) => HOOK_PRIORITIES[a.hook.priority] - HOOK_PRIORITIES[b.hook.priority]);
}

async function intercept<E extends HookEvent>(
  each: Registered,
  context: HookContexts[E],
  signal: AbortSignal,
): Promise<HookContexts[E]> {
  const { plugin, hook } = each;
  const { id } = plugin.manifest;
  try {
    return applyChange(hook.event, context, await ask(each, context, signal)) as HookContexts[E];
  } catch (thrown) {
    if (signal.aborted) throw cancelled(thrown);
    const { message, reason, data } = AlephError.from(thrown);
    const about = { plugin: id, event: hook.event };
    if (reason === "plugin_error" && data.code === "handler") {
      throw new AlephError("forbidden", `Plugin "${id}" refused ${OBJECTS[hook.event]}: ${message}`, {
        cause: thrown,
        data: about,
      });
    }
    throw new AlephError("plugin_error", `Plugin "${id}" could not check ${OBJECTS[hook.event]}: ${message}`, {
      cause: thrown,
      data: { ...about, hint: "Nothing passes a check that cannot be made; mend the plugin or disable it" },
    });
  }
}

/** Rejects with `timeout` when the hook's time is over, whether its plugin heeds that or not. */
async function ask({ plugin, hook }: Registered, context: object, signal: AbortSignal | undefined): Promise<unknown> {
  const { event, kind, handler, timeoutMs = DEFAULT_LIMIT_MS } = hook;
  const late = new AbortController();
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new AlephError("timeout", `It took longer than ${timeoutMs} ms`);
    reject(error);
    late.abort(error);
  }, timeoutMs);
  const stop = () => reject(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    const call = plugin.call({
      handler,
      args: context,
      context: { event, kind },
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      timeoutMs,
    });
    return await Promise.race([call, overdue]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function cancelled(cause: unknown): AlephError {
  return new AlephError("cancelled", "Cancelled", { cause });
}
