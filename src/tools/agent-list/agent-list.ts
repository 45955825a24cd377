/** Lists the subagents of a conversation. */
import * as z from "zod";
import type { Subagents } from "../../sdk/subagents.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./agent-list.md" with { type: "text" };

interface Needs {
  readonly subagents: Pick<Subagents, "list">;
}

export const agentList = defineTool({
  name: "agent_list",
  description,
  params: z.strictObject({}),
  parallel: true,
  ownerOnly: true,
  prepare({ subagents }: Needs, _input, context) {
    return {
      tier: "allow",
      reason: "Looks at the subagents of this conversation",
      plan: {},
      async run() {
        const lines = subagents
          .list(context)
          .map(({ run_id, agent, status, task }) => `${run_id} ${agent} ${status}: ${task.slice(0, 120)}`);
        return { ok: true, text: lines.join("\n") || "There are none" };
      },
    };
  },
});
