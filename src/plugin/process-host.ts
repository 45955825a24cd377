/** What a plugin's code gets when it is started: its folders, its variables, its limits and its way out. */
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { isWithin } from "../lib/is-within.ts";
import type { Log } from "../lib/log.ts";
import { parseSize } from "../lib/size.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import type { NetworkDoor, ProcessHost, ProcessLimits } from "../sdk/runtime.ts";
import { type FilePlaces, resolveFileRules } from "./file-rules.ts";

export interface HostOptions {
  /** ALEPH_HOME/run. */
  readonly run: string;
  readonly places: Omit<FilePlaces, "folder">;
  readonly config: () => Pick<Config, "extensions">;
  /** The environment of the server. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws `plugin_error` for a rule that is none. */
  readonly network: (rules: readonly string[], onDenied: (target: string) => void) => Promise<NetworkDoor>;
}

export interface HostedPlugin {
  readonly manifest: PluginManifest;
  /** Where it was found: what it writes below it stays there. */
  readonly home: string;
  /** Where it runs from. */
  readonly folder: string;
  readonly log: Log;
}

/** Bytes of one answer. */
const MAX_ANSWER = 8 * 1024 * 1024;

/** Throws `forbidden` for a permission that no plugin gets. */
export async function createProcessHost(
  { run, places, config, env, network }: HostOptions,
  { manifest, home, folder, log }: HostedPlugin,
  { notify, denied }: Pick<ProcessHost, "notify" | "denied">,
): Promise<ProcessHost> {
  const { id, permissions } = manifest;
  const rules = resolveFileRules(permissions.filesystem, { ...places, folder: home });
  for (const { mode, path, own } of rules) {
    if (mode === "write" && own !== undefined && !existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const written = rules.filter(({ mode }) => mode === "write").map(({ path }) => path);
  const paths = (wanted: "read" | "write") =>
    rules
      .filter(({ mode }) => mode === wanted)
      // What it may write it may read, where it really is: in the copy that was approved there is only a link.
      .filter(({ path }) => wanted === "write" || !written.some((folder) => isWithin(folder, path)))
      .map(({ path, own }) => (wanted === "read" && own !== undefined ? join(folder, own) : path))
      // What is not there cannot be opened to it; it may be there at the next start.
      .filter((path) => existsSync(path));
  const privateFolder = join(run, "plugins", id);
  mkdirSync(privateFolder, { recursive: true, mode: 0o700 });
  return {
    log,
    folder: realpathSync(folder),
    privateFolder: realpathSync(privateFolder),
    read: paths("read"),
    write: paths("write"),
    env: pickVariables(permissions.env, env),
    mayRunUnsandboxed: config().extensions.allow_unsandboxed.includes(id),
    limits: limitsOf(manifest.kind, config()),
    network: await network(permissions.network, (target) => denied("network", target)),
    notify,
    denied,
  };
}

/** Those that are named and exist. */
export function pickVariables(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

function limitsOf(kind: string, { extensions }: Pick<Config, "extensions">): ProcessLimits {
  const { runtimes } = extensions;
  const limits = Object.hasOwn(runtimes, kind) ? runtimes[kind as keyof typeof runtimes] : undefined;
  if (!limits) throw new AlephError("plugin_error", `Plugins of kind "${kind}" have no code`);
  return { memoryBytes: parseSize(limits.memory_limit), timeoutMs: limits.timeout_ms, maxAnswer: MAX_ANSWER };
}
