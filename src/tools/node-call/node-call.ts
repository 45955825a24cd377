/** What the tools for nodes share: a call judged here and on the node, and how its end is told. */
import type { Media } from "../../media/media.ts";
import type { CommandPolicy } from "../../policy/command-policy.ts";
import type { MediaPart } from "../../protocol/message.ts";
import type { NodeInfo, NodeVerdict } from "../../protocol/node.ts";
import type { Cluster, NodeEnd } from "../../sdk/cluster.ts";
import type { Prepared, Tier, ToolContext, ToolResult } from "../../sdk/tool.ts";

export interface NodeNeeds {
  readonly cluster: () => Promise<Pick<Cluster, "get" | "list" | "judge" | "call" | "waitFor">>;
  readonly commands: CommandPolicy;
  readonly config: () => { readonly exec: { readonly timeout_ms: number } };
}

export interface Wanted {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A call on one node, as both sides have judged it. */
export interface JudgedCall extends Wanted {
  readonly node: NodeInfo;
  readonly tier: Tier;
  readonly reason: string;
  readonly rule?: string;
  readonly verdict: NodeVerdict;
  readonly outward: boolean;
  /** What a person is shown. */
  readonly plan: Readonly<Record<string, unknown>>;
}

interface Judgement {
  readonly tier: Tier;
  readonly reason: string;
  readonly rule?: string;
  readonly outward?: true;
}

const STRICTNESS: readonly Tier[] = ["allow", "ask", "deny"];

/** What the center allows by itself, whatever a node says of it; commands that are not here are asked about. */
const OWN: Readonly<Record<string, Judgement>> = {
  "file.read": { tier: "allow", reason: "Reads a file of the node's workspace" },
  "file.list": { tier: "allow", reason: "Looks into the node's workspace" },
  "file.write": { tier: "allow", reason: "Writes a file in the node's workspace", outward: true },
  "system.info": { tier: "allow", reason: "Tells what machine the node is" },
  "browser.snapshot": { tier: "allow", reason: "Looks at the page that is open on the node" },
  "browser.screenshot": { tier: "allow", reason: "Looks at the page that is open on the node" },
  "browser.navigate": { tier: "allow", reason: "Opens a page of the web on the node", outward: true },
  "browser.click": { tier: "allow", reason: "Clicks on a page, which can send what is on it", outward: true },
  "browser.type": { tier: "allow", reason: "Types into a page, which can send it", outward: true },
};

/** The stricter of what the center thinks of the exact command and what the node does. Throws what `Cluster.judge` does. */
export async function judgeCall(
  needs: NodeNeeds,
  node: NodeInfo,
  { command, args }: Wanted,
  { workspace, sessionKey, signal }: ToolContext,
): Promise<JudgedCall> {
  const cluster = await needs.cluster();
  const [own, verdict] = await Promise.all([
    judgeHere(needs.commands, { command, args }, workspace),
    cluster.judge(node.node_id, { command, args, sessionKey }, signal),
  ]);
  const isStricter = STRICTNESS.indexOf(verdict.tier) >= STRICTNESS.indexOf(own.tier);
  const { tier, reason, rule } = isStricter ? verdict : own;
  return {
    node,
    command,
    args,
    tier,
    reason: `Node "${node.name}": ${reason}`,
    ...(rule === undefined ? {} : { rule }),
    verdict,
    outward: own.outward === true || verdict.outward === true,
    plan: { node: node.name, node_id: node.node_id, command, args, on_node: verdict.plan, digest: verdict.digest },
  };
}

async function judgeHere(commands: CommandPolicy, { command, args }: Wanted, workspace: string): Promise<Judgement> {
  if (command !== "exec") {
    const own = Object.hasOwn(OWN, command) ? OWN[command] : undefined;
    return own ?? { tier: "ask", reason: `"${command}" acts on the node` };
  }
  if (typeof args.command !== "string") return { tier: "ask", reason: "Runs a command on the node" };
  return commands.classify(args.command, { cwd: workspace, workspace });
}

/** What "always" would allow: the same on the same node, and only where the center has no doubts of its own. */
export function patternOf({ node, command, verdict }: JudgedCall): Prepared["pattern"] {
  const { pattern } = verdict;
  if (!pattern) return pattern === null || command === "exec" ? null : undefined;
  return { node_id: node.node_id, command, ...pattern };
}

/** Runs what was judged, and nothing else: the node compares the digest. */
export async function runCall(
  needs: NodeNeeds,
  { node, command, args, tier, verdict }: JudgedCall,
  { timeoutMs = needs.config().exec.timeout_ms }: { readonly timeoutMs?: number | undefined },
  { sessionKey, runId, signal, progress }: ToolContext,
): Promise<NodeEnd> {
  return (await needs.cluster()).call(node.node_id, {
    command,
    args,
    sessionKey,
    runId,
    digest: verdict.digest,
    approved: tier === "ask",
    timeoutMs: timeoutMs || MAX_TIMEOUT_MS,
    signal,
    onOutput: progress,
  });
}

export const MAX_TIMEOUT_MS = 3_600_000;

/** What a node says is what a stranger may have written. */
export async function resultOf(
  end: NodeEnd,
  media: Pick<Media, "put">,
  { sessionKey }: ToolContext,
): Promise<ToolResult> {
  const parts: MediaPart[] = [];
  for (const { mime, name, data } of end.answer?.media ?? []) {
    const about = { mime, sessionKey, ...(name === undefined ? {} : { name }) };
    parts.push(await media.put(Buffer.from(data, "base64"), about));
  }
  return {
    ok: end.outcome === "done",
    text: end.text,
    untrusted: true,
    ...(end.outcome === "unknown" ? { unknown: true } : {}),
    ...(parts.length > 0 ? { media: parts } : {}),
  };
}
