import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import { defineMethod } from "../../sdk/method.ts";

export const execExplain = defineMethod({
  name: "exec.explain",
  summary: "Tell what would happen to a command, without running anything",
  scope: "read",
  params: z.strictObject({
    command: z.string().min(1).max(100_000),
    cwd: z.string().min(1).optional(),
    agent: z.string().default("main"),
  }),
  result: z.object({
    tier: z.enum(["allow", "ask", "deny"]),
    reason: z.string(),
    plan: z.record(z.string(), z.unknown()),
  }),
  async handle({ toolbox }: { toolbox: Pick<Toolbox, "explain"> }, { command, cwd, agent }, call) {
    const { tier, reason, plan } = await toolbox.explain(
      "exec",
      { command, ...(cwd ? { cwd } : {}) },
      { agent, grant: call.grant!, signal: call.signal },
    );
    return { tier, reason, plan: { ...plan } };
  },
});
