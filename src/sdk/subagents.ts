/** What tools see of subagents: runs that a run starts, watches and stops. */
import type { RunStatus } from "../protocol/run.ts";
import type { ToolContext, ToolResult } from "./tool.ts";

export interface SubagentWish {
  readonly task: string;
  /** A named agent; default: the caller's own. */
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  /** Names of tools; default: all that the caller has. */
  readonly tools?: readonly string[] | undefined;
  readonly budget?: { readonly [K in keyof SubagentBudget]?: number | undefined } | undefined;
  /** It goes on beside its caller, and its result comes as a message. */
  readonly background?: boolean | undefined;
}

/** Never more than its caller has left. */
export interface SubagentBudget {
  readonly steps: number;
  readonly tokens: number;
  readonly cost_usd: number;
  readonly time_ms: number;
}

/** What a wish comes to once the rules have had their say. */
export interface SubagentPlan {
  readonly agent: string;
  readonly task: string;
  readonly model: string | undefined;
  readonly tools: readonly string[];
  readonly budget: SubagentBudget;
  readonly background: boolean;
}

export interface SubagentState {
  readonly run_id: string;
  readonly session_key: string;
  readonly agent: string;
  readonly task: string;
  readonly status: RunStatus;
  readonly background: boolean;
}

export interface Subagents {
  /** Throws `forbidden` for what is not allowed, `not_found` for an agent or tool that is not there, `limit_reached`. */
  plan(wish: SubagentWish, caller: ToolContext): Promise<SubagentPlan>;
  /** Starts it. In the foreground it resolves when it has ended, with its result; it ends with the caller's signal. */
  spawn(plan: SubagentPlan, caller: ToolContext): Promise<ToolResult>;
  /** Those that the caller's session has started, newest last. */
  list(caller: ToolContext): readonly SubagentState[];
  /** Resolves when it has ended or the time is over. Throws `not_found` for one of somebody else. */
  wait(runId: string, timeoutMs: number, caller: ToolContext): Promise<ToolResult>;
  /** With all that it has started. Throws as `wait`. */
  cancel(runId: string, caller: ToolContext): Promise<SubagentState>;
}
