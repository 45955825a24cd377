import * as z from "zod";
import type { Approvals } from "../../policy/approvals.ts";
import { approval, approvalDecision } from "../../protocol/approval.ts";
import { defineMethod } from "../../sdk/method.ts";

export const approvalsResolve = defineMethod({
  name: "approvals.resolve",
  summary: "Answer an approval; the first answer counts",
  scope: "approve",
  params: z.strictObject({ approval_id: z.string(), decision: approvalDecision }),
  result: approval,
  handle({ approvals }: { approvals: Pick<Approvals, "resolve"> }, { approval_id, decision }, call) {
    return approvals.resolve({ approvalId: approval_id, decision, by: call.grant!.identity.id });
  },
});
