import * as z from "zod";
import type { Approvals } from "../../policy/approvals.ts";
import { approval, approvalStatus } from "../../protocol/approval.ts";
import { defineMethod } from "../../sdk/method.ts";

export const approvalsList = defineMethod({
  name: "approvals.list",
  summary: "List approvals, oldest first",
  scope: "read",
  params: z.strictObject({ status: approvalStatus.optional() }),
  result: z.object({ approvals: z.array(approval) }),
  handle({ approvals }: { approvals: Pick<Approvals, "list"> }, { status }) {
    return { approvals: approvals.list(status ? { status } : {}) };
  },
});
