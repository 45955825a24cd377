/** Opens a version of a plugin: its texts are read, its code is ready to be started. */
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Runtime } from "../sdk/runtime.ts";
import type { Denials } from "./denials.ts";
import { type FoundPlugin, readPluginFile } from "./discovery.ts";
import type { Target } from "./judge.ts";
import { PluginVersion } from "./plugin-version.ts";
import { createProcessHost, type HostOptions, pickVariables } from "./process-host.ts";
import type { Snapshots } from "./snapshots.ts";
import type { CodeState, SupervisorOptions } from "./supervisor.ts";

export interface OpeningOptions {
  readonly runtimes: Readonly<Record<string, () => Promise<Runtime<string>>>>;
  readonly host: HostOptions;
  readonly snapshots: Snapshots;
  readonly denials: Denials;
  readonly supervise: Pick<SupervisorOptions, "now" | "wait">;
}

export interface Opening extends Target {
  readonly found: FoundPlugin;
  readonly log: Log;
  readonly onState: (state: CodeState) => void;
}

/** Rejects with what makes it unusable. */
export async function openVersion(options: OpeningOptions, opening: Opening): Promise<PluginVersion> {
  const { runtimes, host, snapshots, denials } = options;
  const { manifest, sha256, isCopied, found, log, onState } = opening;
  const { id, kind } = manifest;
  const load = Object.hasOwn(runtimes, kind) ? runtimes[kind] : undefined;
  if (!load) throw new AlephError("plugin_error", `Plugins of kind "${kind}" cannot be run by this version`);
  const folder = isCopied ? await snapshots.make(manifest, sha256, found.path) : found.path;
  const readFile = (path: string) => readPluginFile(folder, path);
  const instructions: Record<string, string> = {};
  for (const { name, instructionFile } of manifest.tools) {
    if (instructionFile !== undefined) instructions[name] = await readFile(instructionFile);
  }
  const open = await (await load()).open(manifest, { readFile });
  return new PluginVersion({
    manifest,
    sha256,
    folder,
    open,
    instructions,
    env: pickVariables(manifest.permissions.env, host.env),
    async host(notify) {
      await snapshots.verify(manifest, sha256);
      const denied = (what: Parameters<Denials["add"]>[1], target: string) => denials.add(id, what, target);
      return createProcessHost(host, { manifest, home: found.path, folder, log }, { notify, denied });
    },
    supervise: { ...options.supervise, log, onState },
  });
}
