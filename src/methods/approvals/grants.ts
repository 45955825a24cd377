import * as z from "zod";
import type { Approvals } from "../../policy/approvals.ts";
import { approvalGrant } from "../../protocol/approval.ts";
import { defineMethod } from "../../sdk/method.ts";

export const approvalsGrants = defineMethod({
  name: "approvals.grants",
  summary: "List what was allowed for a session or for always and still holds, oldest first",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ grants: z.array(approvalGrant) }),
  handle({ approvals }: { approvals: Pick<Approvals, "grants"> }) {
    return { grants: approvals.grants() };
  },
});
