/** Jobs by the clock as the agent's tools see them. */
import type { WireCronJob } from "../protocol/cron.ts";
import type { ToolContext } from "./tool.ts";

export interface AgentJob {
  readonly id?: string | undefined;
  readonly schedule:
    | { readonly cron: string; readonly tz?: string | undefined }
    | { readonly every_ms: number }
    | { readonly at: string; readonly tz?: string | undefined };
  readonly message: string;
  /** Where the answer goes: the conversation of the call, or nowhere but into the job's own session. */
  readonly deliver: "here" | "nowhere";
}

export interface CronShelf {
  /** Where an answer would go that is to come to the conversation of the call; undefined where there is none. */
  place(context: ToolContext): WireCronJob["deliver"];
  /** With the rights of the run that calls, which must be the owner's. Throws as `cron.add`. */
  add(job: AgentJob, context: ToolContext): Promise<WireCronJob>;
  list(): Promise<readonly WireCronJob[]>;
  /** Throws `not_found`. */
  remove(id: string): Promise<void>;
}
