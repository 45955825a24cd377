/** Plugins in JavaScript or TypeScript: a confined process of their own, in which our executable is the runtime. */
import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { isWithin } from "../../lib/is-within.ts";
import { once } from "../../lib/once.ts";
import { AlephError } from "../../protocol/errors.ts";
import { ENGINE_ENV } from "../../sandbox/engine-env.ts";
import { ownProgram } from "../../sandbox/own-program.ts";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { defineRuntime, type ProcessHost, type Runtime } from "../../sdk/runtime.ts";
import type { RuntimeNeeds } from "../runtime-needs.ts";
import { type ChildFiles, layDownChildFiles } from "./nodejs/child-files.ts";
import { placesOf } from "./nodejs/places.ts";
import { NodejsProcess } from "./nodejs/process.ts";

/** What the engine takes of a process's memory before the plugin has any. */
const ENGINE_BYTES = 256 * 1024 * 1024;
const FILE_BYTES = 1024 * 1024 * 1024;
const OPEN_FILES = 256;
/** Variables that steer the engine or the loader of programs rather than the plugin. */
const NOT_PASSED = /^(?:BUN_|LD_|DYLD_|MIMALLOC_|NODE_OPTIONS$|HOME$|TMPDIR$)/;

export function createNodejsRuntime(needs: RuntimeNeeds): Runtime<"nodejs"> {
  const childFiles = once(() => layDownChildFiles(needs.runFolder));
  return defineRuntime({
    kind: "nodejs",
    async open(manifest, { readFile }) {
      const { id, entry, prompt } = manifest;
      if (entry === undefined) throw unusable(id, "names no entry, which is its JavaScript or TypeScript file");
      const isUsed = prompt !== undefined && prompt.scope !== "disabled";
      return {
        prompts: isUsed ? [{ scope: prompt.scope, text: await readFile(prompt.file) }] : [],
        async start(host) {
          const path = await entryPath(id, host.folder, entry);
          return startProcess(manifest, path, host, await childFiles(), await needs.sandbox());
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  });
}

async function startProcess(
  manifest: PluginManifest,
  entry: string,
  host: ProcessHost,
  files: ChildFiles,
  sandbox: Awaited<ReturnType<RuntimeNeeds["sandbox"]>>,
): Promise<NodejsProcess> {
  const { id, name, version } = manifest;
  const { bun } = ownProgram();
  const child = await sandbox.start({
    argv: [bun, `--config=${files.settings}`, "--no-env-file", "--no-install", "--preload", files.preload, entry],
    cwd: host.folder,
    env: environmentOf(host),
    mayRunUnsandboxed: host.mayRunUnsandboxed,
    confinement: {
      read: [host.folder, files.folder, bun, ...host.read],
      write: [host.privateFolder, ...host.write],
      execute: [],
      processes: 1,
      network: "none",
      memoryBytes: host.limits.memoryBytes + ENGINE_BYTES,
      fileBytes: FILE_BYTES,
      openFiles: OPEN_FILES,
    },
  });
  const initialize = {
    plugin: { id, name, version },
    places: placesOf(manifest),
    maxAnswer: host.limits.maxAnswer,
    confined: child.level !== "none",
  };
  return NodejsProcess.start({ child, host, initialize, now: () => performance.now() });
}

function environmentOf({ env, privateFolder, log }: ProcessHost): Record<string, string> {
  const passed = Object.entries(env).filter(([name]) => !NOT_PASSED.test(name));
  if (passed.length < Object.keys(env).length) {
    const names = Object.keys(env).filter((name) => NOT_PASSED.test(name));
    log.warn("plugin does not get variables that steer its runtime", { names });
  }
  return {
    ...Object.fromEntries(passed),
    HOME: privateFolder,
    TMPDIR: privateFolder,
    BUN_BE_BUN: "1",
    // A crash is the owner's affair.
    BUN_ENABLE_CRASH_REPORTING: "0",
    ...ENGINE_ENV,
  };
}

/** Throws `plugin_error` for what is not a file of the plugin's. */
async function entryPath(id: string, folder: string, entry: string): Promise<string> {
  const wanted = resolve(folder, entry);
  const path = await realpath(wanted).catch((cause: unknown) => {
    throw unusable(id, `has no file ${JSON.stringify(entry)}, which is its entry`, cause);
  });
  if (path === folder || !isWithin(folder, path))
    throw unusable(id, `has its entry ${JSON.stringify(entry)} outside of its folder`);
  if (!(await stat(path)).isFile()) throw unusable(id, `has an entry ${JSON.stringify(entry)} that is no file`);
  return path;
}

function unusable(plugin: string, why: string, cause?: unknown): AlephError {
  return new AlephError("plugin_error", `Plugin "${plugin}" ${why}`, {
    data: { plugin, code: "start" },
    ...(cause === undefined ? {} : { cause }),
  });
}
