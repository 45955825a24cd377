/** Calls one command on many nodes, and tells of each how it ended. */
import * as z from "zod";
import { mapAtMost } from "../../lib/map-at-most.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { NodeInfo } from "../../protocol/node.ts";
import { defineTool, type Tier } from "../../sdk/tool.ts";
import { type JudgedCall, judgeCall, MAX_TIMEOUT_MS, type NodeNeeds, runCall } from "../node-call/node-call.ts";

const AT_A_TIME = 16;
/** Characters of each node's answer. */
const SHOWN = 4000;

type Judged = JudgedCall | { readonly node: NodeInfo; readonly fault: string };

export const nodeInvokeMany = defineTool({
  name: "node_invoke_many",
  description:
    "Runs the same command on many nodes at once, as node_invoke does on one: on all that have the given tags, or on those that are named. The answer says of each node how it ended; one that fails or does not answer does not keep the others.",
  params: z.strictObject({
    tags: z.array(z.string().min(1)).min(1).max(32).optional().describe("nodes that have all of these tags"),
    nodes: z.array(z.string().min(1)).min(1).max(200).optional().describe("nodes by name or id"),
    command: z.string().min(1).max(100).describe("such as exec or file.read"),
    args: z.record(z.string(), z.unknown()).default({}).describe("arguments of the command"),
    timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).optional().describe("milliseconds after which each is ended"),
    at_a_time: z.int().min(1).max(64).default(AT_A_TIME).describe("how many nodes work at the same time"),
  }),
  parallel: false,
  async prepare(needs: NodeNeeds, { tags, nodes, command, args, timeout_ms, at_a_time }, context) {
    const cluster = await needs.cluster();
    if ((tags === undefined) === (nodes === undefined)) {
      throw new AlephError("invalid_params", 'Either "tags" or "nodes" is needed');
    }
    const named = tags ? cluster.list(tags) : (nodes ?? []).map((node) => cluster.get(node));
    const chosen = [...new Map(named.map((node) => [node.node_id, node])).values()];
    if (chosen.length === 0) throw new AlephError("not_found", `No node has the tags ${(tags ?? []).join(", ")}`);
    const judged = await mapAtMost(at_a_time, chosen, async (node): Promise<Judged> => {
      try {
        return await judgeCall(needs, node, { command, args }, context);
      } catch (thrown) {
        if (context.signal.aborted || !(thrown instanceof AlephError)) throw thrown;
        return { node, fault: thrown.message };
      }
    });
    const calls = judged.filter((call): call is JudgedCall => !("fault" in call));
    const able = calls.filter(({ tier }) => tier !== "deny");
    const [refused] = calls;
    if (able.length === 0 && !refused) throw new AlephError("conflict", judged.map(faultOf).join("; "));
    const tier: Tier = able.length === 0 ? "deny" : able.some(({ tier }) => tier === "ask") ? "ask" : "allow";
    const first = able.find((call) => call.tier === tier) ?? refused;
    return {
      tier,
      reason: able.length > 1 ? `${able.length} nodes: ${first!.reason}` : first!.reason,
      plan: {
        command,
        args,
        nodes: judged.map((call) => ("fault" in call ? { node: call.node.name, left_out: call.fault } : planOf(call))),
        ...(timeout_ms === undefined ? {} : { timeout_ms }),
        at_a_time,
      },
      ...(first?.rule === undefined ? {} : { rule: first.rule }),
      pattern: null,
      ...(able.some(({ outward }) => outward) ? { outward: true as const } : {}),
      async run() {
        const ends = await mapAtMost(at_a_time, judged, async (call) => {
          if ("fault" in call) return { call, outcome: "failed", text: call.fault };
          if (call.tier === "deny") return { call, outcome: "failed", text: `Refused by policy: ${call.reason}` };
          // The person's word was for all of them.
          const asked: JudgedCall = { ...call, tier };
          try {
            const { outcome, text } = await runCall(needs, asked, { timeoutMs: timeout_ms }, context);
            return { call, outcome, text };
          } catch (thrown) {
            // It was not sent: what is thrown later than that is an end of its own.
            if (!(thrown instanceof AlephError)) throw thrown;
            return { call, outcome: "failed", text: thrown.message };
          }
        });
        const counts = Map.groupBy(ends, ({ outcome }) => outcome);
        const head = [...counts].map(([outcome, { length }]) => `${length} ${outcome}`).join(", ");
        const bodies = ends.map(({ call, outcome, text }) => `## ${call.node.name}: ${outcome}\n${shortened(text)}`);
        const text = [`${ends.length} nodes: ${head}`, ...bodies].join("\n\n");
        const unknown = counts.has("unknown") && !counts.has("done");
        return { ok: counts.has("done"), text, untrusted: true, ...(unknown ? { unknown: true } : {}) };
      },
    };
  },
});

function planOf({ plan: { command: _command, args: _args, ...plan } }: JudgedCall): object {
  return plan;
}

function faultOf(call: Judged): string {
  return "fault" in call ? call.fault : call.reason;
}

function shortened(text: string): string {
  if (text.length <= SHOWN) return text.trimEnd();
  return `${text.slice(0, SHOWN / 2)}\n[… ${text.length - SHOWN} characters left out …]\n${text.slice(-SHOWN / 2)}`;
}
