/** Approvals on the wire: a tool call that waits for a person. */
import * as z from "zod";

export const approvalStatus = z.enum(["pending", "approved", "denied", "expired", "cancelled"]);
export const approvalDecision = z.enum(["once", "session", "always", "deny"]);

/** How an approval ended. */
export const approvalEnd = z.enum([...approvalDecision.options, "expired", "cancelled"]);

export const approval = z.object({
  approval_id: z.string(),
  tool: z.string(),
  /** Everything that will run if it is approved; never shortened. */
  plan: z.unknown(),
  reason: z.string(),
  /** What "always" would allow; null: it is not offered; absent: exactly this plan. */
  pattern: z.record(z.string(), z.unknown()).nullable().optional(),
  run_id: z.string().nullable(),
  /** The tool call that waits. */
  call_id: z.string().nullable(),
  session_key: z.string().nullable(),
  status: approvalStatus,
  /** How it ended; absent while it is pending. */
  decision: approvalEnd.optional(),
  created_at: z.number(),
  expires_at: z.number(),
});
export type Approval = z.output<typeof approval>;

/** What was allowed for longer than one call; named by the approval that it came from. */
export const approvalGrant = z.object({
  approval_id: z.string(),
  tool: z.string(),
  scope: z.enum(["session", "always"]),
  /** Null when it holds in every session. */
  session_key: z.string().nullable(),
  /** What may run: a pattern, or one whole plan. */
  allows: z.unknown(),
  granted_by: z.string().nullable(),
  created_at: z.number(),
});
export type ApprovalGrant = z.output<typeof approvalGrant>;
