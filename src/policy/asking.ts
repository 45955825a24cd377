/** Asks a person about a call until what they allowed is what would run, and says what changed when it is not. */
import { canonicalJson } from "../lib/canonical-json.ts";
import type { Prepared, ToolContext } from "../sdk/tool.ts";
import type { Answer, Approvals } from "./approvals.ts";

export interface AskOptions {
  readonly approvals: Pick<Approvals, "request">;
  readonly ttlMs: number;
  readonly tool: string;
  /** The same call judged anew: files may have changed while a person took their time. */
  readonly again: () => Promise<Prepared>;
}

/** What may run now, exactly as it was shown; or how it ended without running. */
export type Asked =
  | { readonly prepared: Prepared }
  | { readonly answer: Exclude<Answer, "once" | "session" | "always"> | "left" }
  | { readonly refusal: string };

/** Something that changes as often as this is not for a person to follow. */
const MAX_ROUNDS = 5;

export async function askUntilSame(
  first: Prepared,
  { approvals, ttlMs, tool, again }: AskOptions,
  { runId, sessionKey, callId, workspace, identity, signal, waiting = signal }: ToolContext,
): Promise<Asked> {
  let shown = first;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { plan, reason, pattern } = shown;
    const always = pattern === undefined ? {} : { pattern };
    const question = { tool, plan, reason, ...always, runId, sessionKey, callId, workspace, identity, ttlMs };
    const answer = await approvals.request(question, waiting);
    if (answer !== "once" && answer !== "session" && answer !== "always") return { answer };
    const now = await again();
    if (now.tier === "deny") return { refusal: `Refused by policy: ${now.reason}. Do not try it in another way` };
    if (now.tier === "allow" || canonicalJson(now.plan) === canonicalJson(plan)) return { prepared: now };
    shown = { ...now, reason: `${now.reason}. Since you were asked, ${describeChange(plan, now.plan)}` };
  }
  return { refusal: "What the call would touch keeps changing, so it did not run" };
}

type Plan = Prepared["plan"];

function describeChange(before: Plan, after: Plan): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = keys.filter((key) => canonicalJson([before[key]]) !== canonicalJson([after[key]]));
  return changed.flatMap((key) => describeKey(key, before[key], after[key])).join("; ");
}

function describeKey(key: string, before: unknown, after: unknown): readonly string[] {
  if (key === "cwd_id") return ["the folder has become another one"];
  const [was, is] = [hashesOf(before), hashesOf(after)];
  if (!was || !is) return [`"${key}" has changed`];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((path) => {
    if (was.get(path) === is.get(path)) return [];
    const how = !is.has(path) ? "is gone" : was.has(path) ? "has other content" : "has appeared";
    return [`"${path}" ${how}`];
  });
}

/** Of a list of files with their hashes. */
function hashesOf(value: unknown): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(value)) return undefined;
  const hashes = new Map<string, string>();
  for (const item of value as readonly unknown[]) {
    const { path, sha256 } = (item ?? {}) as { readonly path?: unknown; readonly sha256?: unknown };
    if (typeof path !== "string" || typeof sha256 !== "string") return undefined;
    hashes.set(path, sha256);
  }
  return hashes;
}
