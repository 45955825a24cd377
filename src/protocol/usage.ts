/** Sums of what replies took. Apart from `message.ts`, whose schemas need not be loaded to add. */
import type { Usage } from "./message.ts";

export const NO_USAGE: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: 0 };

/** An absent sum is one of nothing yet. Money is known only as long as each price is. */
export function addUsage(sum: Usage | undefined, more: Usage): Usage {
  if (sum === undefined) return more;
  return {
    input: sum.input + more.input,
    output: sum.output + more.output,
    cache_read: sum.cache_read + more.cache_read,
    cache_write: sum.cache_write + more.cache_write,
    cost_usd: sum.cost_usd === null || more.cost_usd === null ? null : sum.cost_usd + more.cost_usd,
  };
}
