/** What is known of one plugin's folder, and how that is shown. */
import type { AlephError } from "../protocol/errors.ts";
import type { PluginState } from "../protocol/plugin-state.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { FoundPlugin, PluginSource } from "./discovery.ts";
import { type Awaited, type Candidate, type JudgeOptions, judgeAll, type Verdict } from "./judge.ts";
import type { KnownPlugin } from "./known-files.ts";
import type { PluginVersion } from "./plugin-version.ts";
import type { Approval, Decision } from "./trust.ts";

export interface Entry {
  found: FoundPlugin;
  known: KnownPlugin | undefined;
  fault: AlephError | undefined;
  decision: Decision | undefined;
  verdict: Verdict | undefined;
  /** In use. */
  version: PluginVersion | undefined;
  /** What could not be opened or started; it is not tried again until it changes. */
  failure: { readonly sha256: string; readonly error: AlephError } | undefined;
  /** Under way: another version takes the place of the one in use. */
  switching: { readonly sha256: string; readonly done: Promise<void> } | undefined;
  /** Told last. */
  shown: { readonly id: string; readonly status: PluginState; readonly error: string | undefined } | undefined;
}

export interface Plugin {
  /** The folder's name when the manifest could not be read. */
  readonly id: string;
  readonly source: PluginSource;
  readonly folder: string;
  readonly path: string;
  readonly manifest: PluginManifest | undefined;
  readonly sha256: string | undefined;
  readonly status: PluginState;
  /** Why it, or its new version, cannot be used. */
  readonly error: AlephError | undefined;
  /** Of a plugin that is pending. */
  readonly awaits: Awaited | undefined;
  readonly decision: Decision | undefined;
  /** The version in use: an earlier one while a new one waits or cannot be used. */
  readonly serving: { readonly version: string; readonly sha256: string } | undefined;
  /** Of code that runs. */
  readonly process: { readonly pid: number; readonly sandbox: SandboxLevel } | undefined;
}

export function newEntry(found: FoundPlugin): Entry {
  return {
    found,
    known: undefined,
    fault: undefined,
    decision: undefined,
    verdict: undefined,
    version: undefined,
    failure: undefined,
    switching: undefined,
    shown: undefined,
  };
}

/** Each gets its verdict. */
export function judgeEntries(entries: readonly Entry[], options: JudgeOptions): void {
  if (entries.length === 0) return;
  const candidates = entries.map(toCandidate);
  const verdicts = judgeAll(candidates, options);
  for (const [index, entry] of entries.entries()) entry.verdict = verdicts.get(candidates[index]!);
}

/** What would keep `entry`, one of `entries`, from use if it were approved. */
export function errorIfApproved(
  entry: Entry,
  approval: Approval,
  entries: readonly Entry[],
  options: JudgeOptions,
): AlephError | undefined {
  const known = { id: idOf(entry), folder: entry.found.path, development: false, installedFrom: undefined };
  const candidate = { ...toCandidate(entry), decision: { ...known, ...entry.decision, enabled: true, approval } };
  const others = entries.map((one) => (one === entry ? candidate : toCandidate(one)));
  return judgeAll(others, options).get(candidate)?.error;
}

function toCandidate({ found, known, fault, decision, version }: Entry): Candidate {
  return { found, known, fault, decision, serving: version };
}

export function idOf({ known, decision, version, found }: Entry): string {
  return known?.manifest.id ?? decision?.id ?? version?.manifest.id ?? found.folder;
}

export function toPlugin(entry: Entry): Plugin {
  const { found, known, decision, version, verdict } = entry;
  const code = version?.code;
  const { pid, sandbox } = code?.process ?? {};
  return {
    id: idOf(entry),
    source: found.source,
    folder: found.folder,
    path: found.path,
    manifest: known?.manifest,
    sha256: known?.sha256,
    ...stateOf(entry),
    awaits: verdict?.awaits,
    decision,
    serving: version && { version: version.manifest.version, sha256: version.sha256 },
    process: pid === undefined || sandbox === undefined ? undefined : { pid, sandbox },
  };
}

function stateOf({ verdict, failure, version }: Entry): Pick<Plugin, "status" | "error"> {
  if (!verdict) return { status: "loaded", error: undefined };
  if (verdict.status !== "fit") return { status: verdict.status, error: verdict.error };
  if (failure) return { status: "error", error: failure.error };
  const code = version?.code;
  if (code?.error) return { status: "error", error: code.error };
  const isRunning = version !== undefined && (!code || code.state === "running" || code.state === "starting");
  return { status: isRunning ? "running" : "loaded", error: undefined };
}

/** Tells those who listen what is shown of it otherwise than before. */
export function announce(entry: Entry, bus: Publisher): void {
  const { id, status, error } = toPlugin(entry);
  const { shown } = entry;
  entry.shown = { id, status, error: error?.message };
  // Of one that comes into use, plugin.loaded tells.
  const isNews = shown ? shown.status !== status : status !== "loaded" && status !== "running";
  if (isNews) bus.publish("plugin.status", { plugin_id: id, status });
  if (error && shown?.error !== error.message) {
    bus.publish("plugin.error", { plugin_id: id, error: { reason: error.reason, message: error.message } });
  }
}
