/** `aleph usage`: what models took, in tokens and money, and how far the budgets are used up. */
import type { Result } from "../../client/client.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatDuration, formatElapsed } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const KEYS = ["day", "month", "model", "provider", "session", "identity", "run", "key", "route"] as const;

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

export const usage = defineCommand({
  summary: "Show what models took, in tokens and money",
  details:
    "CACHED is the part of what was asked that the provider had from before; TIME is that of one reply, on average.",
  args: {
    by: { type: "enum", options: [...KEYS], description: "what to sum up by", default: "day" },
    since: { type: "string", valueHint: "time", description: "from then on: 12h, 7d, 4w or a date", default: "30d" },
    until: { type: "string", valueHint: "time", description: "before then, in the same forms" },
    session: {
      type: "string",
      valueHint: "key",
      description: "of this session alone",
      completion: "sessions",
    },
    limit: { type: "string", valueHint: "n", description: "how many lines at most", default: "30" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph usage", "the last 30 days"],
    ["aleph usage --by model --since 7d", "which models took how much this week"],
  ],
  async run(args, invocation) {
    const now = Date.now();
    const limit = Number(args.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
      throw usageError("--limit must be a whole number from 1 to 1000", "For example --limit 20");
    }
    const params = {
      by: KEYS.find((key) => key === args.by) ?? "day",
      since: toTime("--since", args.since, now),
      ...(args.until === undefined ? {} : { until: toTime("--until", args.until, now) }),
      ...(args.session === undefined ? {} : { session_key: args.session }),
      limit,
    };
    await withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("usage.summary", params);
      if (args.json) return writeJson(out, found);
      const { rows, total, budgets } = found;
      if (rows.length === 0) err.write("No model was used in that time\n");
      else {
        writeTable<Sums & { readonly key: string | null }>(
          out,
          [...rows, { ...total, key: "total" }],
          [
            { title: params.by.toUpperCase(), value: ({ key }) => key ?? "without", flexible: true },
            { title: "REPLIES", value: ({ replies }) => replies, align: "right" },
            { title: "IN", value: ({ input }) => input, align: "right" },
            { title: "OUT", value: ({ output }) => output, align: "right" },
            { title: "CACHED", value: cachedShare, align: "right" },
            { title: "TIME", value: ({ ms, replies }) => formatElapsed(ms / Math.max(1, replies)), align: "right" },
            { title: "COST $", value: costOf, align: "right" },
          ],
        );
      }
      if (total.unpriced > 0) {
        const replies = total.unpriced === 1 ? "1 reply" : `${total.unpriced} replies`;
        err.write(`${err.style.dim(`The price of ${replies} is not known and not in the cost`)}\n`);
      }
      for (const state of budgets) out.write(`${budgetLine(state, now)}\n`);
    });
  },
});

type Summary = Result<"usage.summary">;
type Sums = Summary["total"];

function costOf({ cost_usd }: Sums): string {
  return cost_usd === null ? "" : cost_usd.toFixed(cost_usd < 1 ? 4 : 2);
}

/** How much of what was asked did not have to be read anew. */
function cachedShare({ input, cache_read, cache_write }: Sums): string {
  const asked = input + cache_read + cache_write;
  return asked === 0 ? "" : `${Math.round((cache_read / asked) * 100)} %`;
}

function budgetLine({ budget, unit, limit, used, resets_at }: Summary["budgets"][number], now: number): string {
  const left = Math.max(0, limit - used);
  const amount =
    unit === "tokens"
      ? `${used} of ${limit} tokens, ${left} left`
      : `${used.toFixed(4)} of ${limit} US dollars, ${left.toFixed(4)} left`;
  return `budget of the ${budget}: ${amount}, begins anew in ${formatDuration(Math.max(0, resets_at - now))}`;
}

/** `7d` is seven days ago; a date is its first moment here. */
function toTime(option: string, text: string, now: number): number {
  const [, count, unit = ""] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, now - Number(count) * UNIT_MS[unit]!);
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00`) : Number.NaN;
  if (Number.isNaN(date))
    throw usageError(`${option} must be a span or a date`, `For example ${option} 7d, or ${option} 2026-07-31`);
  return Math.max(0, date);
}
