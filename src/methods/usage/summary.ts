import * as z from "zod";
import { canonicalSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";
import { BUDGETS, UNITS } from "../../usage/budget.ts";
import type { Ledger } from "../../usage/ledger.ts";
import { SUMMARY_KEYS } from "../../usage/summary.ts";

const sums = z.object({
  replies: z.number(),
  input: z.number(),
  output: z.number(),
  cache_read: z.number(),
  cache_write: z.number(),
  cost_usd: z.number().nullable().describe("of the replies whose price is known; null when it is known of none"),
  unpriced: z.number().describe("replies whose price is not known"),
  ms: z.number().describe("from request to end, of all replies together"),
});

export const usageSummary = defineMethod({
  name: "usage.summary",
  summary: "Sum up tokens and money, and tell how far the budgets are used up",
  scope: "read",
  params: z.strictObject({
    by: z.enum(SUMMARY_KEYS).default("day"),
    since: z.int().min(0).optional().describe("Unix milliseconds; from then on"),
    until: z.int().min(0).optional().describe("Unix milliseconds; before then"),
    session_key: z.string().optional().describe("of this session alone"),
    limit: z.int().min(1).max(1000).default(100),
  }),
  result: z.object({
    by: z.enum(SUMMARY_KEYS),
    rows: z.array(sums.extend({ key: z.string().nullable(), last_at: z.number() })),
    total: sums,
    budgets: z.array(
      z.object({
        budget: z.enum(BUDGETS),
        unit: z.enum(UNITS),
        limit: z.number(),
        used: z.number(),
        resets_at: z.number(),
      }),
    ),
  }),
  handle(
    { usage }: { usage: Pick<Ledger, "summary" | "budgets"> },
    { by, since, until, session_key, limit },
    { grant },
  ) {
    const { identity, role } = grant!;
    const sessionKey = session_key === undefined ? undefined : canonicalSessionKey(session_key);
    // A guest sees what it took itself.
    const own = role === "guest" ? identity.id : undefined;
    const { rows, total } = usage.summary({ by, since, until, sessionKey, identity: own, limit });
    const budgets = usage.budgets({ identity: identity.id, sessionKey });
    return { by, rows: rows.map((row) => ({ ...row })), total, budgets: budgets.map((state) => ({ ...state })) };
  },
});
