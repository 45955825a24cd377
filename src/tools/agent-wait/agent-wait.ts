/** Waits for a subagent. */
import * as z from "zod";
import type { Subagents } from "../../sdk/subagents.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./agent-wait.md" with { type: "text" };

interface Needs {
  readonly subagents: Pick<Subagents, "wait">;
}

export const agentWait = defineTool({
  name: "agent_wait",
  description,
  params: z.strictObject({
    run_id: z.string().min(1).max(100),
    timeout_ms: z.int().min(0).max(600_000).default(60_000),
  }),
  parallel: true,
  ownerOnly: true,
  prepare({ subagents }: Needs, { run_id, timeout_ms }, context) {
    return {
      tier: "allow",
      reason: "Waits for a subagent of this conversation",
      plan: { run_id, timeout_ms },
      run: () => subagents.wait(run_id, timeout_ms, context),
    };
  },
});
