/** What a plugin's code gets when it is started: its folders, its variables, its limits and its way out. */
import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import type { NetworkDoor, ProcessHost } from "../sdk/runtime.ts";

export interface HostOptions {
  /** ALEPH_HOME/run. */
  readonly run: string;
  readonly config: () => Pick<Config, "extensions">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly network: (rules: readonly string[], denied: (target: string) => void) => NetworkDoor;
}

/** Bytes of one answer. */
const MAX_ANSWER = 8 * 1024 * 1024;

export function createProcessHost(
  { run, env, log, network }: HostOptions,
  { manifest, folder }: { readonly manifest: PluginManifest; readonly folder: string },
  { notify, denied }: Pick<ProcessHost, "notify" | "denied">,
): ProcessHost {
  const { id, permissions } = manifest;
  const privateFolder = join(run, "plugins", id);
  mkdirSync(privateFolder, { recursive: true, mode: 0o700 });
  return {
    log: log.child({ plugin: id }),
    folder: realpathSync(folder),
    privateFolder: realpathSync(privateFolder),
    read: [],
    write: [],
    env: pickVariables(permissions.env, env),
    mayRunUnsandboxed: false,
    limits: { memoryBytes: 256 * 1024 * 1024, timeoutMs: 30_000, maxAnswer: MAX_ANSWER },
    network: network(permissions.network, (target) => denied("network", target)),
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

/** For plugins that get no way to the network. */
export const closedDoor: NetworkDoor = {
  fetch: async ({ url }) => refuse(url),
  connect: async (url) => refuse(url),
};

function refuse(url: string): never {
  throw new AlephError("forbidden", `This plugin may not connect to ${JSON.stringify(url)}`);
}
