/** Plugins in use whose code is functions of the test, behind the contract that real ones have. */
import { AlephError } from "../../src/protocol/errors.ts";
import type { ActivePlugin, ActivePlugins, PluginManifest } from "../../src/sdk/plugin.ts";
import type { PluginCall, PluginPrompt } from "../../src/sdk/runtime.ts";
import { BARE_MANIFEST } from "./plugins.ts";

export type Handler = (args: never, context: never, signal: AbortSignal) => unknown;

export interface TestPlugin extends Partial<PluginManifest> {
  readonly id: string;
  readonly prompts?: readonly PluginPrompt[];
  readonly instructions?: Readonly<Record<string, string>>;
  /** By name; what one throws comes out as a handler's error. */
  readonly code?: Readonly<Record<string, Handler>>;
}

export interface TestPlugins extends ActivePlugins {
  readonly calls: readonly PluginCall[];
  /** How often somebody asked which there are. */
  readonly asked: number;
  set(...plugins: readonly TestPlugin[]): void;
}

export function activePlugins(...first: readonly TestPlugin[]): TestPlugins {
  const calls: PluginCall[] = [];
  const listeners = new Set<() => void | Promise<void>>();
  let asked = 0;
  const make = ({ prompts = [], instructions = {}, code = {}, ...manifest }: TestPlugin): ActivePlugin => ({
    manifest: { ...BARE_MANIFEST, ...manifest },
    prompts,
    instructions,
    env: {},
    folder: "",
    async call(call) {
      calls.push(call);
      const { handler, args, context, signal } = call;
      const plugin = manifest.id;
      if (signal.aborted) throw new AlephError("cancelled", "Cancelled");
      const run = code[handler];
      if (!run)
        throw new AlephError("plugin_error", `Handler "${handler}" is gone`, { data: { plugin, code: "crashed" } });
      // As over a pipe: what is on the other side is a copy.
      const copy = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
      try {
        return copy(await run(copy(args) as never, copy(context) as never, signal));
      } catch (thrown) {
        if (thrown instanceof AlephError) throw thrown;
        throw new AlephError("plugin_error", (thrown as Error).message, { data: { plugin, code: "handler" } });
      }
    },
    async *stream() {},
    onNotify: () => ({ [Symbol.dispose]: () => {} }),
    onExit: () => ({ [Symbol.dispose]: () => {} }),
  });
  const inOrder = (plugins: readonly TestPlugin[]) => plugins.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(make);
  let current = inOrder(first);
  return {
    calls,
    get asked() {
      return asked;
    },
    async current() {
      asked++;
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    set(...plugins) {
      current = inOrder(plugins);
      for (const listener of listeners) void listener();
    },
  };
}
