/** What a provider's table says of its models. Kept apart from the schema, which takes time to load. */
import type { ModelInfo, ModelPrice } from "../../sdk/provider.ts";

export interface PriceTable {
  readonly input: number;
  readonly output: number;
  readonly cache_read?: number | undefined;
  readonly cache_write?: number | undefined;
}

export type ModelEntry =
  | string
  | {
      readonly id: string;
      readonly name?: string | undefined;
      readonly context_window?: number | undefined;
      readonly max_output?: number | undefined;
      readonly tools?: boolean | undefined;
      readonly vision?: boolean | undefined;
      readonly thinking?: boolean | undefined;
      readonly price?: PriceTable | undefined;
    };

export function configuredModels(entries: readonly ModelEntry[] = []): ModelInfo[] {
  return entries.map((entry) => {
    if (typeof entry === "string") return { id: entry };
    const { id, name, context_window, max_output, tools, vision, thinking, price } = entry;
    return {
      id,
      ...(name === undefined ? {} : { name }),
      ...(context_window === undefined ? {} : { contextWindow: context_window }),
      ...(max_output === undefined ? {} : { maxOutput: max_output }),
      ...(tools === undefined ? {} : { tools }),
      ...(vision === undefined ? {} : { vision }),
      ...(thinking === undefined ? {} : { thinking }),
      ...(price === undefined ? {} : { price: modelPrice(price) }),
    };
  });
}

function modelPrice({ input, output, cache_read, cache_write }: PriceTable): ModelPrice {
  return {
    input,
    output,
    ...(cache_read === undefined ? {} : { cacheRead: cache_read }),
    ...(cache_write === undefined ? {} : { cacheWrite: cache_write }),
  };
}

/** What the provider lists, with what the table adds; models that only the table names come last. */
export function withConfigured(listed: readonly ModelInfo[], entries: readonly ModelEntry[] | undefined): ModelInfo[] {
  const merged = new Map(listed.map((info) => [info.id, info]));
  for (const info of configuredModels(entries)) merged.set(info.id, { ...merged.get(info.id), ...info });
  return [...merged.values()];
}
