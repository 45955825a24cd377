/** `/usage`: what the conversation took, and how far the budgets are used up. */
import { defineChatCommand } from "../sdk/command.ts";
import type { Ledger } from "../usage/ledger.ts";
import type { Sums } from "../usage/summary.ts";

export interface UsageNeeds {
  readonly usage: Pick<Ledger, "summary" | "budgets">;
  readonly now: () => number;
}

const DAY_MS = 24 * 60 * 60_000;

export const usageCommand = defineChatCommand<UsageNeeds>({
  word: "usage",
  summary: "Show the tokens and the money that this conversation took",
  scope: "chat",
  forGuests: false,
  run({ usage, now }, _typed, { sessionKey, grant }) {
    const about = { by: "session", limit: 1 } as const;
    const since = now() - DAY_MS;
    // What others took is told to those alone who may look at everything.
    const everywhere = grant.scopes.includes("read")
      ? [`**Everywhere, last 24 hours:** ${sumsText(usage.summary({ ...about, since }).total)}`]
      : [];
    const budgets = usage
      .budgets({ identity: grant.identity.id, sessionKey })
      .map(({ budget, unit, used, limit }) => `**Budget of the ${budget}:** ${share(unit, used, limit)}`);
    return [
      `**This conversation:** ${sumsText(usage.summary({ ...about, sessionKey }).total)}`,
      `**Last 24 hours:** ${sumsText(usage.summary({ ...about, sessionKey, since }).total)}`,
      ...everywhere,
      ...budgets,
    ].join("\n");
  },
});

function sumsText({ replies, input, output, cache_read, cost_usd, unpriced }: Sums): string {
  if (replies === 0) return "nothing";
  const cached = cache_read > 0 ? ` (${count(cache_read)} more from the cache)` : "";
  const money = cost_usd === null ? "" : `, $${cost_usd.toFixed(4)}`;
  const open = unpriced > 0 && cost_usd !== null ? " and what has no price" : "";
  return `${count(input)} tokens in${cached}, ${count(output)} out${money}${open}`;
}

function share(unit: string, used: number, limit: number): string {
  if (unit === "cost_usd") return `$${used.toFixed(4)} of $${limit}`;
  return `${count(used)} of ${count(limit)} tokens`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
