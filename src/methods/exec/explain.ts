import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import { LIFTABLE_RULES } from "../../protocol/exec-floor.ts";
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
    /** The rule of the floor that denies it. */
    rule: z.string().optional(),
    /** Whether `exec.allow_denied` in config.toml can make it ask instead. */
    can_be_lifted: z.boolean().optional(),
    /** What "always" would allow; null: it is not offered. */
    pattern: z.record(z.string(), z.unknown()).nullable().optional(),
  }),
  async handle({ toolbox }: { toolbox: Pick<Toolbox, "explain"> }, { command, cwd, agent }, call) {
    const { tier, reason, plan, rule, pattern } = await toolbox.explain(
      "exec",
      { command, ...(cwd ? { cwd } : {}) },
      { agent, grant: call.grant!, signal: call.signal },
    );
    return {
      tier,
      reason,
      plan: { ...plan },
      ...(rule === undefined ? {} : { rule, can_be_lifted: LIFTABLE_RULES.some((name) => name === rule) }),
      ...(pattern === undefined ? {} : { pattern: pattern && { ...pattern } }),
    };
  },
});
