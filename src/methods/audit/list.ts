import * as z from "zod";
import type { Audit } from "../../policy/audit/audit.ts";
import { AUDIT_KINDS } from "../../policy/audit/chain.ts";
import { canonicalSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";

export const auditList = defineMethod({
  name: "audit.list",
  summary: "List what was decided and done, newest first",
  scope: "admin",
  rate: "read",
  params: z.strictObject({
    limit: z.int().min(1).max(1000).default(100),
    before: z.int().min(1).optional().describe("rows with smaller numbers"),
    kind: z.enum(AUDIT_KINDS).optional(),
    tool: z.string().optional(),
    session_key: z.string().optional(),
  }),
  result: z.object({
    rows: z.array(
      z.object({
        seq: z.number(),
        ts: z.number(),
        kind: z.enum(AUDIT_KINDS),
        identity: z.string().nullable(),
        session_key: z.string().nullable().describe("null where nothing of the session may be kept"),
        run_id: z.string().nullable(),
        call_id: z.string().nullable(),
        tool: z.string().nullable(),
        detail: z.record(z.string(), z.unknown()),
      }),
    ),
    next: z.number().optional().describe("`before` of the next page"),
  }),
  handle({ audit }: { audit: Pick<Audit, "list"> }, { limit, before, kind, tool, session_key }) {
    const sessionKey = session_key === undefined ? undefined : canonicalSessionKey(session_key);
    const rows = audit.list({ limit, before, kind, tool, sessionKey });
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return { rows: rows.map((row) => ({ ...row })), ...(last === undefined ? {} : { next: last.seq }) };
  },
});
