/** Calls a command of one node. */
import * as z from "zod";
import type { Media } from "../../media/media.ts";
import { defineTool } from "../../sdk/tool.ts";
import { judgeCall, MAX_TIMEOUT_MS, type NodeNeeds, patternOf, resultOf, runCall } from "../node-call/node-call.ts";
import description from "./node-invoke.md" with { type: "text" };

interface Needs extends NodeNeeds {
  readonly media: Pick<Media, "put">;
}

export const nodeInvoke = defineTool({
  name: "node_invoke",
  description,
  params: z.strictObject({
    node: z.string().min(1).max(100).describe("name or id of the node"),
    command: z.string().min(1).max(100).describe("such as exec or file.read"),
    args: z.record(z.string(), z.unknown()).default({}).describe("arguments of the command"),
    timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).optional().describe("milliseconds after which it is ended"),
  }),
  parallel: false,
  async prepare(needs: Needs, { node, command, args, timeout_ms }, context) {
    const found = (await needs.cluster()).get(node);
    const judged = await judgeCall(needs, found, { command, args }, context);
    const { tier, reason, rule, plan, outward } = judged;
    const pattern = patternOf(judged);
    return {
      tier,
      reason,
      plan: { ...plan, ...(timeout_ms === undefined ? {} : { timeout_ms }) },
      ...(rule === undefined ? {} : { rule }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(outward ? { outward } : {}),
      run: async () => resultOf(await runCall(needs, judged, { timeoutMs: timeout_ms }, context), needs.media, context),
    };
  },
});
