/** Gives a task to a subagent. */
import * as z from "zod";
import type { Subagents } from "../../sdk/subagents.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./agent-spawn.md" with { type: "text" };

interface Needs {
  readonly subagents: Pick<Subagents, "plan" | "spawn">;
}

export const agentSpawn = defineTool({
  name: "agent_spawn",
  description,
  params: z.strictObject({
    task: z.string().min(1).max(50_000).describe("all that it needs to know, and what its answer should hold"),
    agent: z.string().min(1).max(64).optional().describe("a named agent, with its own workspace and prompt"),
    model: z.string().min(1).optional().describe("provider/model, a model's id or an alias"),
    tools: z
      .array(z.string())
      .max(200)
      .optional()
      .describe("names of the tools that it may use; all of yours if left out"),
    budget: z
      .strictObject({
        steps: z.int().positive(),
        tokens: z.int().positive(),
        cost_usd: z.number().positive(),
        time_ms: z.int().positive(),
      })
      .partial()
      .optional()
      .describe("what it may use at most; what you have left if left out"),
    background: z.boolean().optional().describe("go on at once; its answer comes as a message"),
  }),
  parallel: true,
  ownerOnly: true,
  async prepare({ subagents }: Needs, wish, context) {
    const plan = await subagents.plan(wish, context);
    return {
      tier: "allow",
      reason: "Starts a subagent with no more than this run has",
      plan: { ...plan, tools: [...plan.tools], budget: { ...plan.budget }, model: plan.model ?? null },
      run: () => subagents.spawn(plan, context),
    };
  },
});
