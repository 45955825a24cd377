import * as z from "zod";
import type { Approvals } from "../../policy/approvals.ts";
import { approvalGrant } from "../../protocol/approval.ts";
import { defineMethod } from "../../sdk/method.ts";

export const approvalsRevoke = defineMethod({
  name: "approvals.revoke",
  summary: "Take back what an approval allowed for longer than once",
  scope: "approve",
  params: z.strictObject({ approval_id: z.string() }),
  result: approvalGrant,
  handle({ approvals }: { approvals: Pick<Approvals, "revoke"> }, { approval_id }, call) {
    return approvals.revoke({ approvalId: approval_id, by: call.grant!.identity.id });
  },
});
