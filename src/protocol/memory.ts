/** Facts on the wire. */
import * as z from "zod";

export const metadata = z.record(
  z.string().min(1).max(100),
  z.union([z.string().max(4000), z.number(), z.boolean(), z.null()]),
);

export const fact = z.object({
  fact_id: z.string(),
  agent: z.string(),
  content: z.string(),
  subject: z.string().nullable(),
  metadata,
  source: z.enum(["person", "agent", "run", "file"]),
  trusted: z.boolean().describe("false: a stranger may have had a hand in it"),
  confidence: z.number(),
  run_id: z.string().nullable(),
  session_key: z.string().nullable(),
  created_at: z.number(),
  updated_at: z.number(),
  expires_at: z.number().nullable(),
  retired_at: z.number().nullable(),
  retired_by: z.string().nullable(),
});

/** A fact of which another one tells. */
export const toldFact = z.object({ fact_id: z.string(), content: z.string() });

export const agentName = z.string().min(1).max(64).default("main").describe("whose memory");
