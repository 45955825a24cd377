/** Approvals on the wire: a tool call that waits for a person. */
import * as z from "zod";

export const approvalStatus = z.enum(["pending", "approved", "denied", "expired", "cancelled"]);
export const approvalDecision = z.enum(["once", "session", "always", "deny"]);

export const approval = z.object({
  approval_id: z.string(),
  tool: z.string(),
  /** Everything that will run if it is approved; never shortened. */
  plan: z.unknown(),
  reason: z.string(),
  run_id: z.string().nullable(),
  session_key: z.string().nullable(),
  status: approvalStatus,
  /** How it ended; absent while it is pending. */
  decision: z.enum([...approvalDecision.options, "expired", "cancelled"]).optional(),
  created_at: z.number(),
  expires_at: z.number(),
});
export type Approval = z.output<typeof approval>;
