import * as z from "zod";
import type { Approvals } from "../../policy/approvals.ts";
import { approval } from "../../protocol/approval.ts";
import { defineMethod } from "../../sdk/method.ts";

export const approvalsGet = defineMethod({
  name: "approvals.get",
  summary: "Get one approval with the whole plan",
  scope: "read",
  params: z.strictObject({ approval_id: z.string() }),
  result: approval,
  handle({ approvals }: { approvals: Pick<Approvals, "get"> }, { approval_id }) {
    return approvals.get(approval_id);
  },
});
