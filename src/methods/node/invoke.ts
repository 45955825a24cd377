import * as z from "zod";
import { type HandNeeds, outcomeByHand } from "../../agent/call-by-hand.ts";
import { AlephError } from "../../protocol/errors.ts";
import { mediaPart } from "../../protocol/message.ts";
import { type NodeOutcome, OUTCOMES } from "../../protocol/node.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeInvoke = defineMethod({
  name: "node.invoke",
  summary: "Call a command of a node, through the same gate as a tool in a run",
  scope: "write",
  params: z.strictObject({
    node: z.string().min(1).max(100),
    command: z.string().min(1).max(100),
    args: z.record(z.string(), z.unknown()).default({}),
    timeout_ms: z.int().min(1).max(3_600_000).optional(),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: z.object({
    ok: z.boolean(),
    result: z.string(),
    /** `done` when it did what it should, `failed` when it surely did not, `unknown` when nobody can say. */
    outcome: z.enum(OUTCOMES),
    media: z.array(mediaPart).optional(),
  }),
  async handle(
    needs: HandNeeds & { cluster: () => Promise<Pick<Cluster, "get">> },
    { session_key, ...args },
    { grant, signal },
  ) {
    (await needs.cluster()).get(args.node);
    const call = { tool: "node_invoke", args, sessionKey: session_key };
    const { status, text, media } = await outcomeByHand(needs, call, { grant: grant!, signal });
    if (status === "denied") throw new AlephError("approval_denied", text);
    const outcome: NodeOutcome = status === "ok" ? "done" : status === "unknown" ? "unknown" : "failed";
    return {
      ok: status === "ok",
      result: text,
      outcome,
      ...(media ? { media: [...media] } : {}),
    };
  },
});
