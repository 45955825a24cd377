/** Sessions on the wire. */
import * as z from "zod";
import { THINKING_LEVELS } from "./message.ts";

export const sessionTools = z.strictObject({
  allow: z.array(z.string()).optional(),
  deny: z.array(z.string()).optional(),
});

export const session = z.object({
  session_key: z.string(),
  kind: z.enum(["owner", "guest", "paired"]),
  agent: z.string(),
  title: z.string().nullable(),
  model: z.string().nullable(),
  thinking: z.enum(THINKING_LEVELS).nullable(),
  tools: sessionTools.nullable(),
  created_at: z.number(),
  updated_at: z.number(),
  /** The run that is under way, if any. */
  active_run: z.string().nullable(),
  queued_runs: z.number(),
});
export type WireSession = z.output<typeof session>;

export const sessionPatch = z.strictObject({
  title: z.string().min(1).max(200).nullable().optional(),
  model: z.string().min(1).nullable().optional(),
  thinking: z.enum(THINKING_LEVELS).nullable().optional(),
  tools: sessionTools.nullable().optional(),
});
