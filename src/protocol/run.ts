/** Runs on the wire: one `agent.run` each. */
import * as z from "zod";
import { THINKING_LEVELS, usage } from "./message.ts";

export const runStatus = z.enum(["queued", "running", "completed", "failed", "cancelled", "interrupted"]);
export type RunStatus = z.output<typeof runStatus>;

/** What happens when the session already has a run. */
export const runMode = z.enum(["queue", "steer", "interrupt", "reject"]);
export type RunMode = z.output<typeof runMode>;

/** Why a run failed; `hint` is the next step, for a person. `reworded`: the message is what a plugin says instead. */
export const runFailure = z.object({
  reason: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  reworded: z.literal(true).optional(),
});
export type WireFailure = z.output<typeof runFailure>;

export const run = z.object({
  run_id: z.string(),
  session_key: z.string(),
  status: runStatus,
  model: z.string().nullable(),
  text: z.string().optional(),
  usage: usage.optional(),
  steps: z.number(),
  error: runFailure.optional(),
  created_at: z.number(),
  started_at: z.number().nullable(),
  ended_at: z.number().nullable(),
});
export type Run = z.output<typeof run>;

/** Base64 bytes with their media type; at most 20 in a message. */
export const attachment = z.object({
  mime: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, "must be a media type such as image/png"),
  name: z.string().max(255).optional(),
  data: z.base64(),
});

/** Parameters shared by `agent.run` and `session.send`. */
export const runParams = z.strictObject({
  message: z.string().min(1).max(1_000_000),
  session_key: z.string().optional(),
  thinking: z.enum(THINKING_LEVELS).optional(),
  model: z.string().optional(),
  attachments: z.array(attachment).max(20).optional(),
  idempotency_key: z.string().min(1).max(256).optional(),
  agent: z.string().optional(),
  mode: runMode.optional(),
  /** Keeps what the run asks of providers and gets, for `runs.replay`. Default: `debug.record` of the config. */
  record: z.boolean().optional(),
});
export type RunParams = z.output<typeof runParams>;
