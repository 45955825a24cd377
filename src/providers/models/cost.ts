/** What the tokens of a reply cost. */
import type { Usage } from "../../protocol/message.ts";
import type { ModelPrice } from "../../sdk/provider.ts";

/** US dollars; null when the price is not known. What a price leaves out of the cache costs as much as input. */
export function costOf(usage: Omit<Usage, "cost_usd">, price: ModelPrice | undefined): number | null {
  if (price === undefined) return null;
  const prompt = usage.input + usage.cache_read + usage.cache_write;
  const {
    input,
    output,
    cacheRead = input,
    cacheWrite = input,
  } = price.long !== undefined && prompt > price.long.over ? price.long : price;
  const cost =
    usage.input * input + usage.output * output + usage.cache_read * cacheRead + usage.cache_write * cacheWrite;
  return cost / 1_000_000;
}
