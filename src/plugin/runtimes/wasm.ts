/** Plugins that are WebAssembly modules: Extism in a confined process of its own for each. */
import { realpath } from "node:fs/promises";
import { join, parse } from "node:path";
import { isWithin } from "../../lib/is-within.ts";
import { openFile } from "../../lib/open-file.ts";
import { AlephError } from "../../protocol/errors.ts";
import { ENGINE_ENV } from "../../sandbox/engine-env.ts";
import { ownProgram } from "../../sandbox/own-program.ts";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { defineRuntime, type ProcessHost, type Runtime } from "../../sdk/runtime.ts";
import type { RuntimeNeeds } from "../runtime-needs.ts";
import { WasmChild } from "./wasm/child.ts";
import { grantedFolders } from "./wasm/folders.ts";
import { WASM_HOST } from "./wasm/frames.ts";
import { type StartedChild, WasmProcess } from "./wasm/process.ts";
import { plainTextHandlers } from "./wasm/values.ts";

/** Bytes of a module; kits that bring an interpreter along make some of 20 MB. */
const MAX_MODULE = 64 * 1024 * 1024;
/** What the process needs besides the module's memory: the engine and copies of what goes in and out. */
const ENGINE_BYTES = 512 * 1024 * 1024;
/** Of this much address space a memory is cut that grows in place; it counts as used only while it is being reserved. */
const RESERVE_BYTES = 4224 * 1024 * 1024;
const FILE_BYTES = 1024 * 1024 * 1024;
const OPEN_FILES = 256;

export function createWasmRuntime({ sandbox }: Pick<RuntimeNeeds, "sandbox">): Runtime<"wasm"> {
  return defineRuntime({
    kind: "wasm",
    async open(manifest, { readFile }) {
      const { id, entry, prompt } = manifest;
      if (entry === undefined) throw unusable(id, "names no entry, which is its module");
      const isUsed = prompt !== undefined && prompt.scope !== "disabled";
      return {
        prompts: isUsed ? [{ scope: prompt.scope, text: await readFile(prompt.file) }] : [],
        async start(host) {
          const start = async () => startChild(manifest, host, await readModule(id, host.folder, entry), sandbox);
          return new WasmProcess(
            { plugin: id, start, plainText: plainTextHandlers(manifest), timeoutMs: host.limits.timeoutMs },
            await start(),
          );
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  });
}

async function startChild(
  manifest: PluginManifest,
  host: ProcessHost,
  module: Uint8Array,
  sandbox: RuntimeNeeds["sandbox"],
): Promise<StartedChild> {
  const { id } = manifest;
  const { limits, env, read, write, mayRunUnsandboxed } = host;
  const { argv, sources } = ownProgram();
  const confined = await (await sandbox()).start({
    argv: [...argv, WASM_HOST],
    // Not a folder of the plugin's: the engine looks for its own settings where it is started.
    cwd: parse(process.execPath).root,
    env: ENGINE_ENV,
    mayRunUnsandboxed,
    confinement: {
      read: [...sources, ...read],
      write,
      execute: [],
      processes: 1,
      network: "none",
      memoryBytes: limits.memoryBytes + ENGINE_BYTES + RESERVE_BYTES,
      fileBytes: FILE_BYTES,
      openFiles: OPEN_FILES,
    },
  });
  const child = new WasmChild({ plugin: id, child: confined, host });
  try {
    const head = {
      memoryBytes: limits.memoryBytes,
      maxAnswer: limits.maxAnswer,
      env,
      folders: grantedFolders(manifest, host),
    };
    await child.load(head, module, { timeoutMs: limits.timeoutMs });
  } catch (thrown) {
    await child[Symbol.asyncDispose]();
    if (thrown instanceof AlephError && thrown.reason === "plugin_error") throw thrown;
    throw unusable(id, "did not start", thrown);
  }
  return { child, pid: confined.pid, level: confined.level };
}

async function readModule(plugin: string, folder: string, entry: string): Promise<Uint8Array> {
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, entry));
    if (!isWithin(root, path)) throw unusable(plugin, `has its entry "${entry}" outside of its folder`);
    await using file = await openFile(path);
    if (!file) throw unusable(plugin, `has an entry "${entry}" that is no file`);
    if ((await file.stat()).size > MAX_MODULE)
      throw unusable(plugin, `has an entry "${entry}" of more than ${MAX_MODULE / 2 ** 20} MB`);
    return await file.readFile();
  } catch (thrown) {
    throw thrown instanceof AlephError ? thrown : unusable(plugin, `has no entry "${entry}" that can be read`, thrown);
  }
}

function unusable(plugin: string, why: string, cause?: unknown): AlephError {
  return new AlephError("plugin_error", `Plugin "${plugin}" ${why}`, { cause, data: { plugin, code: "unusable" } });
}
