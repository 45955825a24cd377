/** What a run may hand on to a subagent: no tool that it has not itself, no more than it has left, and not too deep. */
import type { Database } from "bun:sqlite";
import { AlephError } from "../protocol/errors.ts";
import type { SubagentBudget, SubagentPlan, SubagentWish } from "../sdk/subagents.ts";
import type { ToolContext } from "../sdk/tool.ts";
import type { RunLimits, StoredRun } from "../session/runs.ts";
import type { Session } from "../session/sessions.ts";
import { limitsOf, parentOf, spentWithBelow } from "./limits.ts";
import { toolsInRun } from "./narrowing.ts";
import { sessionIn } from "./spawned-run.ts";
import type { Toolbox } from "./toolbox.ts";

export interface PlanOptions {
  readonly db: Database;
  readonly parent: StoredRun;
  readonly session: Session;
  readonly toolbox: Pick<Toolbox, "specs">;
  readonly limits: RunLimits;
  readonly maxDepth: number;
  /** Unix milliseconds. */
  readonly now: number;
}

const SPAWN = "agent_spawn";

/** Throws `forbidden`, `not_found` and `limit_reached`, saying what is in the way. */
export async function planSubagent(
  wish: SubagentWish,
  caller: Pick<ToolContext, "agent">,
  options: PlanOptions,
): Promise<SubagentPlan> {
  const { db, parent, session, toolbox, limits, maxDepth, now } = options;
  const depth = depthBelow(parent);
  if (depth > maxDepth) {
    throw new AlephError("forbidden", `Subagents may stand ${maxDepth} deep at most, and this would be ${depth}`, {
      data: { hint: "Do it yourself" },
    });
  }
  const agent = wish.agent ?? caller.agent;
  // Another agent has another workspace.
  if (agent !== caller.agent && parent.request.grant.role === "guest") {
    throw new AlephError("forbidden", "A guest cannot use another agent");
  }
  const names = (specs: readonly { readonly name: string }[]) => specs.map(({ name }) => name);
  const own = toolsInRun(db, parent.id, sessionIn(parent, session).tools);
  const mine = names(await toolbox.specs(caller.agent, own));
  const unknown = wish.tools?.find((name) => !mine.includes(name));
  if (unknown !== undefined) {
    throw new AlephError("forbidden", `Tool ${JSON.stringify(unknown.slice(0, 80))} is not one that you may use`, {
      data: { hint: `You may use ${mine.join(", ")}` },
    });
  }
  const theirs = names(await toolbox.specs(agent, { allow: [...(wish.tools ?? mine)] }));
  return {
    agent,
    task: wish.task,
    model: wish.model,
    tools: theirs.filter((name) => name !== SPAWN || depth < maxDepth),
    budget: budgetOf(wish.budget ?? {}, leftOf(db, limits, parent, now)),
    background: wish.background ?? false,
  };
}

/** How deep a subagent of this run stands. */
export function depthBelow({ request }: StoredRun): number {
  return (request.spawned?.depth ?? 0) + 1;
}

/** Of the run and of all above it. Throws `limit_reached` when nothing is left. */
function leftOf(db: Database, limits: RunLimits, run: StoredRun, now: number): SubagentBudget {
  const own = limitsOf(limits, run.request);
  const spent = spentWithBelow(db, run);
  const left = {
    steps: own.steps - spent.steps,
    tokens: own.tokens - spent.tokens,
    cost_usd: own.cost_usd - spent.cost_usd,
    time_ms: own.time_ms - (now - (run.startedAt ?? now)),
  };
  if (Object.values(left).some((amount) => amount <= 0)) {
    throw new AlephError("limit_reached", "Nothing is left of the budget of this run");
  }
  const above = parentOf(db, run);
  return above === undefined ? left : budgetOf(left, leftOf(db, limits, above, now));
}

function budgetOf(wish: NonNullable<SubagentWish["budget"]>, left: SubagentBudget): SubagentBudget {
  return {
    steps: Math.min(wish.steps ?? left.steps, left.steps),
    tokens: Math.min(wish.tokens ?? left.tokens, left.tokens),
    cost_usd: Math.min(wish.cost_usd ?? left.cost_usd, left.cost_usd),
    time_ms: Math.min(wish.time_ms ?? left.time_ms, left.time_ms),
  };
}
