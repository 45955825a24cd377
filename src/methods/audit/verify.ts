import * as z from "zod";
import type { Audit } from "../../policy/audit/audit.ts";
import { defineMethod } from "../../sdk/method.ts";

export const auditVerify = defineMethod({
  name: "audit.verify",
  summary: "Check the audit for rows that were changed, put in or taken out",
  scope: "admin",
  rate: "run",
  params: z.strictObject({}),
  result: z.object({
    ok: z.boolean(),
    rows: z.number(),
    head: z.string().nullable().describe("code of the newest row: written down elsewhere, it proves the whole chain"),
    kept_from: z
      .object({ seq: z.number(), pruned_at: z.number() })
      .nullable()
      .describe("the oldest row that is kept, where older ones were pruned, as [audit] keep_days says"),
    faults: z.array(z.object({ seq: z.number(), problem: z.string() })).describe("the first of them"),
  }),
  async handle({ audit }: { audit: Pick<Audit, "verify"> }, _, { signal }) {
    const { faults, keptFrom, ...verdict } = await audit.verify(signal);
    return {
      ...verdict,
      kept_from: keptFrom && { seq: keptFrom.seq, pruned_at: keptFrom.prunedAt },
      faults: faults.map((fault) => ({ ...fault })),
    };
  },
});
