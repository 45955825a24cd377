/** Stops a subagent. */
import * as z from "zod";
import type { Subagents } from "../../sdk/subagents.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./agent-cancel.md" with { type: "text" };

interface Needs {
  readonly subagents: Pick<Subagents, "cancel">;
}

export const agentCancel = defineTool({
  name: "agent_cancel",
  description,
  params: z.strictObject({ run_id: z.string().min(1).max(100) }),
  parallel: false,
  ownerOnly: true,
  prepare({ subagents }: Needs, { run_id }, context) {
    return {
      tier: "allow",
      reason: "Stops a subagent of this conversation",
      plan: { run_id },
      async run() {
        const { status } = await subagents.cancel(run_id, context);
        return { ok: true, text: `${run_id} is ${status}` };
      },
    };
  },
});
