/** When a run has had enough: its own limits, those of the runs that started it, and the budgets of whoever it is for. */
import type { Database } from "bun:sqlite";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { findRun, type RunLimits, type RunRequest, type StoredRun } from "../session/runs.ts";
import { type Spent, spentBelow } from "../session/subagents.ts";
import type { Spender } from "../usage/budget.ts";
import type { Ledger } from "../usage/ledger.ts";

export interface Progress {
  readonly steps: number;
  readonly usage: Usage;
  readonly ms: number;
}

/** What the run may use at most: what the config says, or less, of a subagent. */
export function limitsOf(limits: RunLimits, { spawned }: Pick<RunRequest, "spawned">): RunLimits {
  if (spawned === undefined) return limits;
  const own = spawned.limits;
  return {
    steps: Math.min(limits.steps, own.steps),
    tokens: Math.min(limits.tokens, own.tokens),
    cost_usd: Math.min(limits.cost_usd, own.cost_usd),
    time_ms: Math.min(limits.time_ms, own.time_ms),
  };
}

/** The session and identity whose budgets a run draws on: those of the person, also for a subagent. */
export function spenderOf({ request, sessionKey }: Pick<StoredRun, "request" | "sessionKey">): Spender {
  return { identity: request.grant.identity.id, sessionKey: request.spawned?.rootSessionKey ?? sessionKey };
}

/** What the run has used with all that it has started. */
export function spentWithBelow(db: Database, { id, steps, usage }: Pick<StoredRun, "id" | "steps" | "usage">): Spent {
  const below = spentBelow(db, id);
  return {
    steps: steps + below.steps,
    tokens: (usage === null ? 0 : usage.input + usage.output) + below.tokens,
    cost_usd: (usage?.cost_usd ?? 0) + below.cost_usd,
  };
}

/** The error that ends the run, if it may not go on. */
export function limitReached(
  db: Database,
  limits: RunLimits,
  {
    run,
    progress,
    usage,
  }: { readonly run: StoredRun; readonly progress: Progress; readonly usage: Pick<Ledger, "check"> },
): AlephError | undefined {
  const spent = spentWithBelow(db, { id: run.id, ...progress });
  const own = exceeded(limitsOf(limits, run.request), { ...spent, ms: progress.ms });
  if (own !== undefined) return failure(`The run reached its limit of ${own}`);
  for (let above = parentOf(db, run); above !== undefined; above = parentOf(db, above)) {
    const theirs = exceeded(limitsOf(limits, above.request), { ...spentWithBelow(db, above), ms: 0 });
    if (theirs !== undefined) return failure(`The run that started this one reached its limit of ${theirs}`);
  }
  try {
    usage.check(spenderOf(run));
    return undefined;
  } catch (thrown) {
    const { reason, message, data } = AlephError.from(thrown);
    if (reason !== "budget_exceeded") throw thrown;
    return new AlephError("limit_reached", message, { cause: thrown, data });
  }
}

export function parentOf(db: Database, { request }: Pick<StoredRun, "request">): StoredRun | undefined {
  return request.spawned === undefined ? undefined : findRun(db, request.spawned.parentRunId);
}

function exceeded(
  limits: RunLimits,
  { steps, tokens, cost_usd, ms }: Spent & { readonly ms: number },
): string | undefined {
  if (steps >= limits.steps) return `${limits.steps} steps`;
  if (tokens >= limits.tokens) return `${limits.tokens} tokens`;
  if (cost_usd >= limits.cost_usd) return `${limits.cost_usd} US dollars`;
  if (ms >= limits.time_ms) return `${limits.time_ms / 1000} seconds`;
  return undefined;
}

function failure(message: string): AlephError {
  return new AlephError("limit_reached", message, {
    data: { hint: "Send another message to go on, or raise [limits.run] in config.toml" },
  });
}
