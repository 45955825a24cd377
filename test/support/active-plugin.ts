/** Plugins that may be used, with their handlers in this process: what builds on plugins is tested without starting one. */
import { AlephError } from "../../src/protocol/errors.ts";
import type { ActivePlugin, ActivePlugins, PluginManifest } from "../../src/sdk/plugin.ts";
import type { PluginCall } from "../../src/sdk/runtime.ts";
import { BARE_MANIFEST } from "./plugins.ts";

type Handler = (args: never, call: PluginCall) => unknown;

export interface TestPluginOptions {
  readonly manifest?: Partial<PluginManifest>;
  /** By the name in the manifest; one that yields is for `stream`. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export interface TestPlugin extends ActivePlugin {
  /** `handler` and `args` of each call, in their order. */
  readonly calls: readonly { readonly handler: string; readonly args: unknown }[];
  /** As its code does without being asked. */
  notify(topic: string, data: unknown): void;
  /** Its process ends. */
  exit(reason?: string): void;
}

export function testPlugin({
  manifest = {},
  handlers = {},
  env = {},
  folder = "",
}: TestPluginOptions = {}): TestPlugin {
  const onNotify = new Set<(topic: string, data: unknown) => void>();
  const onExit = new Set<(reason: string) => void>();
  const calls: { handler: string; args: unknown }[] = [];
  const begin = ({ handler, args, signal }: PluginCall): Handler => {
    calls.push({ handler, args });
    if (signal.aborted) throw new AlephError("cancelled", "The call was cancelled");
    const known = handlers[handler];
    if (known) return known;
    throw new AlephError("plugin_error", `No handler "${handler}"`, { data: { plugin: "test", code: "handler" } });
  };
  const subscribe = <T>(listeners: Set<T>, listener: T): Disposable => {
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  };
  return {
    manifest: { ...BARE_MANIFEST, ...manifest },
    prompts: [],
    instructions: {},
    env,
    folder,
    calls,
    async call(call) {
      const handler = begin(call);
      return limited(call, (async () => handler(plain(call.args), call))());
    },
    async *stream(call) {
      const parts = begin(call)(plain(call.args), call) as AsyncIterable<unknown>;
      const iterator = parts[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await limited(call, iterator.next());
          if (done) return;
          yield plain(value);
        }
      } finally {
        void iterator.return?.();
      }
    },
    onNotify: (listener) => subscribe(onNotify, listener),
    onExit: (listener) => subscribe(onExit, listener),
    notify(topic, data) {
      for (const listener of [...onNotify]) listener(topic, plain(data));
    },
    exit(reason = "exited with code 1") {
      for (const listener of [...onExit]) listener(reason);
    },
  };
}

/** What a handler throws, as a runtime tells it. */
export function handlerError(message: string, code = "handler"): AlephError {
  return new AlephError("plugin_error", message, { data: { plugin: "test", code } });
}

export function testPlugins(first: readonly ActivePlugin[] = []) {
  let plugins = first;
  const listeners = new Set<() => void | Promise<void>>();
  return {
    current: async () => plugins,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    /** Resolves when all who listen have taken it. */
    async set(next: readonly ActivePlugin[]) {
      plugins = next;
      await Promise.all([...listeners].map((listener) => listener()));
    },
  } satisfies ActivePlugins & { set(next: readonly ActivePlugin[]): Promise<void> };
}

/** Nothing but JSON comes and goes over a pipe. */
function plain(value: unknown): never {
  return (value === undefined ? undefined : JSON.parse(JSON.stringify(value))) as never;
}

async function limited<T>({ signal, timeoutMs }: PluginCall, work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const abort = () => over.reject(new AlephError("cancelled", "The call was cancelled"));
  signal.addEventListener("abort", abort, { once: true });
  const late = () => over.reject(new AlephError("timeout", `No answer within ${timeoutMs} ms`));
  // Beyond what a timer can hold there is no limit.
  const timer = timeoutMs === undefined || timeoutMs > 2 ** 31 - 1 ? undefined : setTimeout(late, timeoutMs);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
