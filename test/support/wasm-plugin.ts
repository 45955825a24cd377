/** WebAssembly plugins for tests: assembled from their text, run in a host process of their own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import initWabt from "wabt";
import { createWasmRuntime } from "../../src/plugin/runtimes/wasm.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Sandbox } from "../../src/sandbox/confinement.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import type { PluginManifest } from "../../src/sdk/plugin.ts";
import type { PluginCall, PluginProcess, ProcessHost } from "../../src/sdk/runtime.ts";
import { testLog } from "./log.ts";
import { BARE_MANIFEST } from "./plugins.ts";

/** The binary of a module in WebAssembly's text format. */
export async function assemble(text: string): Promise<Uint8Array> {
  const wabt = await initWabt();
  using parsed = disposable(wabt.parseWat("module.wat", text, { bulk_memory: true, threads: true }));
  return parsed.value.toBinary({}).buffer;
}

function disposable<T extends { destroy(): void }>(value: T): { readonly value: T } & Disposable {
  return { value, [Symbol.dispose]: () => value.destroy() };
}

/** The example that Extism's own kits ship, as it is. */
export async function countVowels(): Promise<Uint8Array> {
  const packed = await Bun.file(join(import.meta.dir, "wasm/count_vowels.wasm.gz")).bytes();
  return Bun.gunzipSync(packed);
}

export interface WasmPluginOptions {
  readonly module: Uint8Array;
  readonly manifest?: Partial<PluginManifest>;
  readonly host?: Partial<Omit<ProcessHost, "limits">>;
  readonly limits?: Partial<ProcessHost["limits"]>;
  readonly sandbox?: Sandbox;
}

export interface RunningWasmPlugin extends AsyncDisposable {
  readonly process: PluginProcess;
  readonly entries: ReturnType<typeof testLog>["entries"];
  readonly denied: string[];
  /** What the handler gave. */
  call(handler: string, args?: unknown, options?: Partial<PluginCall>): Promise<unknown>;
}

/** Starts it in `folder`, which gets its module. */
export async function startWasmPlugin(folder: string, options: WasmPluginOptions): Promise<RunningWasmPlugin> {
  const sandbox = options.sandbox ?? createSandbox();
  const manifest: PluginManifest = {
    ...BARE_MANIFEST,
    id: "sample",
    kind: "wasm",
    entry: "plugin.wasm",
    ...options.manifest,
  };
  await mkdir(join(folder, "private"), { recursive: true });
  await Bun.write(join(folder, "plugin.wasm"), options.module);
  const { log, entries } = testLog();
  const denied: string[] = [];
  const closed = async (): Promise<never> => {
    throw new AlephError("forbidden", "This plugin may not connect");
  };
  const host: ProcessHost = {
    log,
    folder,
    privateFolder: join(folder, "private"),
    read: [],
    write: [],
    env: {},
    mayRunUnsandboxed: true,
    network: { fetch: closed, connect: closed },
    notify() {},
    denied: (kind, target) => denied.push(`${kind} ${target}`),
    ...options.host,
    limits: { memoryBytes: 64 * 2 ** 20, timeoutMs: 10_000, maxAnswer: 2 ** 20, ...options.limits },
  };
  const readFile = async (path: string) => Bun.file(join(folder, path)).text();
  const open = await createWasmRuntime({ sandbox: async () => sandbox }).open(manifest, { readFile });
  const process = await open.start!(host);
  return {
    process,
    entries,
    denied,
    call: (handler, args = null, rest = {}) =>
      process.call({ handler, args, signal: new AbortController().signal, ...rest }),
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await open[Symbol.asyncDispose]();
    },
  };
}
