/** What becomes of each plugin that was found: used, waiting for its owner, switched off, or refused with the reason. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import type { FoundPlugin } from "./discovery.ts";
import { type FilePlaces, resolveFileRules } from "./file-rules.ts";
import type { KnownPlugin } from "./known-files.ts";
import { asksForApproval, isCovered, wantedBy } from "./permissions.ts";
import type { Decision } from "./trust.ts";

export interface Candidate {
  readonly found: FoundPlugin;
  /** Absent when it could not be read; then `fault` says why. */
  readonly known: KnownPlugin | undefined;
  readonly fault: AlephError | undefined;
  readonly decision: Decision | undefined;
  /** What is in use now. */
  readonly serving: { readonly manifest: PluginManifest; readonly sha256: string } | undefined;
}

/** A version that is to be used. */
export interface Target extends KnownPlugin {
  /** Its code was approved: it runs from the copy that was made then. */
  readonly isCopied: boolean;
}

/** What a plugin that is pending waits for: the first approval, one of wider permissions, or one of changed files. */
export type Awaited = "approval" | "permissions" | "content";

export interface Verdict {
  readonly status: "fit" | "pending" | "disabled" | "stopped" | "error";
  readonly error?: AlephError;
  readonly awaits?: Awaited;
  /** Which version is to be used; `serving`: the one that is. */
  readonly target: Target | "serving" | undefined;
}

export interface JudgeOptions {
  readonly extensions: Config["extensions"];
  /** Of Aleph. */
  readonly version: string;
  readonly places: Omit<FilePlaces, "folder">;
  readonly builtInTools: readonly string[];
  readonly hasCopy: (id: string, sha256: string) => boolean;
}

/** The verdicts in the order of the candidates, whose order decides who comes first where two want the same. */
export function judgeAll(candidates: readonly Candidate[], options: JudgeOptions): ReadonlyMap<Candidate, Verdict> {
  const verdicts = new Map(candidates.map((candidate) => [candidate, judge(candidate, options)]));
  const owners = new Owners(options.builtInTools);
  for (const candidate of candidates.toSorted(bySeniority)) {
    const verdict = verdicts.get(candidate)!;
    const conflict = owners.claim(candidate, verdict);
    if (!conflict) continue;
    // What it had before, it keeps.
    const keeps = candidate.serving && !owners.claim(candidate, { status: "error", target: "serving" });
    verdicts.set(candidate, { status: "error", error: conflict, target: keeps ? "serving" : undefined });
  }
  return verdicts;
}

/** Those in use first, then by the time of their approval; the rest as they were found. */
function bySeniority(a: Candidate, b: Candidate): number {
  const rank = ({ serving, decision }: Candidate) =>
    serving ? 0 : (decision?.approval?.at ?? Number.MAX_SAFE_INTEGER);
  return rank(a) - rank(b);
}

class Owners {
  readonly #ids = new Map<string, FoundPlugin>();
  readonly #tools: Map<string, string>;

  constructor(builtInTools: readonly string[]) {
    this.#tools = new Map(builtInTools.map((name) => [name, "Aleph"]));
  }

  /** Says who was first, when somebody was; otherwise all that the plugin wants is its own from here on. */
  claim({ found, known, serving }: Candidate, { target }: Pick<Verdict, "status" | "target">): AlephError | undefined {
    const id = known?.manifest.id ?? serving?.manifest.id;
    if (id === undefined) return undefined;
    const owner = this.#ids.get(id);
    if (owner && owner !== found) {
      const message = `Plugin id "${id}" belongs to the plugin in folder "${owner.path}", so the one in "${found.path}" cannot have it`;
      return new AlephError("conflict", message, { data: { hint: "Change the id of one, or remove it" } });
    }
    this.#ids.set(id, found);
    const used = target === "serving" ? serving : target;
    const names = (used?.manifest.tools ?? []).map(({ name }) => name);
    const taken = names.find((name) => this.#tools.has(name));
    if (taken !== undefined) {
      const message = `Tool "${taken}" of plugin "${id}" has the name of a tool of ${this.#tools.get(taken)}`;
      return new AlephError("conflict", message, { data: { hint: "Change the name of one, or disable a plugin" } });
    }
    for (const name of names) this.#tools.set(name, `plugin "${id}"`);
    return undefined;
  }
}

function judge(candidate: Candidate, { extensions, version, places, hasCopy }: JudgeOptions): Verdict {
  const { found, known, fault, decision, serving } = candidate;
  const { enabled, runtimes } = extensions;
  if (!enabled) return { status: "stopped", target: undefined };
  if (decision ? !decision.enabled : found.source === "bundled") return { status: "disabled", target: undefined };

  const approval = decision?.approval;
  const previous = (): Verdict["target"] => {
    const isAllowed = decision?.development || (serving && serving.sha256 === approval?.sha256);
    // The texts of a plugin without code are in memory.
    if (serving && (isAllowed || !asksForApproval(serving.manifest))) return "serving";
    return approval && hasCopy(decision.id, approval.sha256) ? { ...approval, isCopied: true } : undefined;
  };
  if (!known) {
    const error = fault ?? new AlephError("plugin_error", "The plugin cannot be read");
    return { status: "error", error, target: found.isLink ? undefined : previous() };
  }

  const { manifest, sha256 } = known;
  const { kind, aleph } = manifest;
  if (Object.hasOwn(runtimes, kind) && !runtimes[kind as keyof typeof runtimes].enabled) {
    const message = `Plugins of kind "${kind}" are switched off by extensions.runtimes.${kind}.enabled`;
    return { status: "stopped", error: new AlephError("plugin_error", message), target: undefined };
  }
  if (aleph !== undefined && !Bun.semver.satisfies(version, aleph)) {
    const message = `Plugin "${manifest.id}" is made for Aleph ${aleph}, and this is ${version}`;
    return { status: "error", error: new AlephError("plugin_error", message), target: previous() };
  }
  try {
    resolveFileRules(manifest.permissions.filesystem, { ...places, folder: found.path });
  } catch (thrown) {
    return { status: "error", error: AlephError.from(thrown), target: previous() };
  }
  const needsNode = kind === "nodejs" ? newerNode(runtimes.nodejs.node_version) : undefined;
  if (needsNode) return { status: "error", error: needsNode, target: undefined };

  const asks = asksForApproval(manifest) || decision?.installedFrom !== undefined;
  if (!asks) return { status: "fit", target: { ...known, isCopied: false } };
  if (!approval) return { status: "pending", awaits: "approval", target: undefined };
  if (!isCovered(wantedBy(manifest), approval.grant)) {
    return { status: "pending", awaits: "permissions", target: previous() };
  }
  // What came with the executable is as trusted as that.
  const isFree = decision?.development === true || found.source === "bundled";
  if (approval.sha256 !== sha256 && !isFree) return { status: "pending", awaits: "content", target: previous() };
  return { status: "fit", target: { ...known, isCopied: true } };
}

/** When plugins may expect a newer Node.js than the one whose interfaces Aleph has. */
function newerNode(wanted: string): AlephError | undefined {
  const has = process.versions.node;
  if (Bun.semver.satisfies(has, `>=${wanted}`)) return undefined;
  const message = `extensions.runtimes.nodejs.node_version is ${wanted}, and this Aleph has the interfaces of Node.js ${has}`;
  return new AlephError("plugin_error", message);
}
