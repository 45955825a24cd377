/**
 * A module in the engine, behind an interface of our own: Extism in this thread, which is the only way of it that works
 * here. A call that traps leaves a module in no known state, so the next one gets a new instance of it.
 */
import { join } from "node:path";
import type { Plugin } from "@extism/extism";
import { createEnvironment, type HttpReply, type HttpRequest, Variables } from "./environment.ts";
import type { GrantedFolder, LogHead } from "./frames.ts";
import { BlockBudget } from "./guest-memory.ts";
import { exportName, limitModule, ModuleFault, PAGE_BYTES, WASI_MODULE } from "./module.ts";
import { createWasi, type Wasi, WasiExit } from "./wasi.ts";

export interface GuestOptions {
  readonly module: Uint8Array;
  readonly memoryBytes: number;
  /** Bytes of one output. */
  readonly maxAnswer: number;
  /** Config values of the module, and its environment when it is written for WASI. */
  readonly env: Readonly<Record<string, string>>;
  readonly folders: readonly GrantedFolder[];
  /** Waits for the answer. Throws what the module is to be told. */
  readonly request: (request: HttpRequest) => HttpReply;
  readonly log: (level: LogHead["level"], text: Uint8Array) => void;
  /** It tried what is outside of its folders. */
  readonly denied: (target: string) => void;
}

export interface Guest {
  /** Exported functions. */
  readonly functions: readonly string[];
  /** A call trapped that had much memory. The engine gives it back when it likes: better to go on in a new process. */
  readonly isSpent: boolean;
  /** The output; nothing when it set none. Throws `OutputTooLarge`, and an error with what it said or what became of it. */
  call(name: string, input: Uint8Array, context: string | null): Promise<Uint8Array | undefined>;
}

export class OutputTooLarge extends Error {}

/** Under this name, which no variable of an environment can have, `config_get` gives who calls and where. */
const CONTEXT_KEY = "aleph.context";
/** Memory of an instance that may go unused for a while. */
const KEPT_BYTES = 16 * 1024 * 1024;
const ORIGINATED = "Plugin-originated error: ";

/** What the running call has to do with, in one place that the host functions share. */
interface State {
  memory: WebAssembly.Memory | undefined;
  output: Uint8Array | undefined;
  context: string | null;
}

/** Throws `ModuleFault` when the module cannot be used. */
export async function openGuest(options: GuestOptions): Promise<Guest> {
  const { env, memoryBytes, maxAnswer } = options;
  const limited = limitModule(options.module, { maxPages: Math.floor(memoryBytes / PAGE_BYTES) });
  const module = await compile(limited.bytes);
  const { createPlugin } = await loadExtism();
  const state: State = { memory: undefined, output: undefined, context: null };
  const budget = new BlockBudget(memoryBytes, () => state.memory?.buffer.byteLength ?? 0);
  const config = new Map(Object.entries(env));
  const functions = createEnvironment({
    budget,
    config: (name) => (name === CONTEXT_KEY ? (state.context ?? undefined) : config.get(name)),
    variables: new Variables(),
    request: options.request,
    log: options.log,
    setOutput(output) {
      if (output.length > maxAnswer) throw new OutputTooLarge(`Its answer is larger than ${maxAnswer} bytes`);
      state.output = output.slice();
    },
  });

  let wasi: Wasi | undefined;
  const instantiate = async (): Promise<Plugin> => {
    wasi?.[Symbol.dispose]();
    wasi = limited.usesWasi ? createWasi(options) : undefined;
    state.memory = undefined;
    const plugin = await createPlugin(
      { wasm: [{ module, name: "main" }] },
      { functions: { ...functions, ...(wasi ? { [WASI_MODULE]: wasi.functions } : {}) } },
    );
    const { exports } = await plugin.getInstance();
    state.memory = exports.memory instanceof WebAssembly.Memory ? exports.memory : undefined;
    if (wasi) {
      wasi.setMemory(state.memory);
      // A module that is a command is started when its `_start` is called, not when it is loaded.
      for (const name of ["_initialize", "hs_init"]) run(exports[exportName(name, true)]);
    }
    return plugin;
  };

  let isSpent = false;
  let plugin: Plugin | undefined;
  try {
    plugin = await instantiate();
  } catch (thrown) {
    throw new ModuleFault(`cannot be started: ${describeFault(thrown)}`, { cause: thrown });
  }
  return {
    functions: limited.functions,
    get isSpent() {
      return isSpent;
    },
    async call(name, input, context) {
      if (!plugin) {
        // What the old instance held should be gone before a new one needs as much again. Only a new turn of the event
        // loop has a stack on which nothing of it is left.
        await new Promise((resolve) => setImmediate(resolve));
        Bun.gc(true);
        plugin = await instantiate();
      }
      budget.reset();
      Object.assign(state, { output: undefined, context });
      try {
        await plugin.call(exportName(name, limited.usesWasi), input);
      } catch (thrown) {
        if (thrown instanceof Error && thrown.message.startsWith(ORIGINATED)) {
          throw new Error(thrown.message.slice(ORIGINATED.length), { cause: thrown });
        }
        plugin = undefined;
        isSpent ||= (state.memory?.buffer.byteLength ?? 0) > KEPT_BYTES;
        state.memory = undefined;
        if (thrown instanceof OutputTooLarge) throw thrown;
        const hasEnded = thrown instanceof WasiExit && thrown.code === 0;
        if (!hasEnded) throw new Error(describeFault(thrown), { cause: thrown });
      }
      return state.output;
    },
  };
}

/** From source a package is looked for in all folders up to the root, which a confined process may not list. */
function loadExtism(): Promise<typeof import("@extism/extism")> {
  if (Bun.isStandaloneExecutable) return import("@extism/extism");
  return import(join(import.meta.dir, "../../../../node_modules/@extism/extism/dist/bun/mod.js"));
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (thrown) {
    throw new ModuleFault(`is damaged: ${describeFault(thrown)}`, { cause: thrown });
  }
}

function run(exported: WebAssembly.ExportValue | undefined): void {
  if (typeof exported === "function") exported();
}

/** In words: the engine tells a trap with where it was, which means nothing to whoever called. */
export function describeFault(thrown: unknown): string {
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) return "its calls went too deep";
  if (thrown instanceof WebAssembly.RuntimeError) {
    const [what] = thrown.message.split(" (evaluating ");
    return `trapped: ${what}`;
  }
  return thrown instanceof Error ? thrown.message : "threw what is no error";
}
