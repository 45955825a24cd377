/** What clients are told of models and providers: names as on the wire, no secrets. */
import type { ModelInfo, ModelPrice } from "../../sdk/provider.ts";
import type { ProviderSource } from "./sources.ts";
import type { TrialError } from "./trial.ts";

/** A model as clients see it. */
export interface ListedModel {
  id: string;
  provider: string;
  /** `provider/model` */
  ref: string;
  name?: string;
  context_window?: number;
  max_output?: number;
  tools?: boolean;
  vision?: boolean;
  thinking?: boolean;
  /** US dollars per million tokens. */
  price?: ListedPrice & { long?: ListedPrice & { over: number } };
}

interface ListedPrice {
  input: number;
  output: number;
  cache_read?: number;
  cache_write?: number;
}

export interface ModelList {
  models: ListedModel[];
  /** Why a provider's models are missing. */
  errors: { provider: string; error: TrialError }[];
}

export interface ModelsDescription {
  /** `provider/model` that answers when nobody names one. */
  default: string | null;
  aliases: Record<string, string>;
  fallbacks: string[];
  /** The kinds of providers that there are, protocol adapters among them. */
  types: string[];
  providers: {
    id: string;
    /** `unknown` when the table names none. */
    type: string;
    base_url: string | null;
    from: ProviderSource["from"];
    has_key: boolean;
    /** Where its keys come from, never what they are: references, `config` for one in the clear, `environment`. */
    keys_from: string[];
    /** Ids of the models in its table. */
    models: string[];
    /** Milliseconds for which it is left alone; 0 when it may be asked. */
    retry_in_ms: number;
    /** The same of its keys that rest, by their place in the table, from 1. */
    resting_keys: { key: number; retry_in_ms: number }[];
  }[];
}

export function listed(provider: string, info: ModelInfo): ListedModel {
  const { id, name, contextWindow, maxOutput, tools, vision, thinking, price } = info;
  return {
    id,
    provider,
    ref: `${provider}/${id}`,
    ...(name === undefined ? {} : { name }),
    ...(contextWindow === undefined ? {} : { context_window: contextWindow }),
    ...(maxOutput === undefined ? {} : { max_output: maxOutput }),
    ...(tools === undefined ? {} : { tools }),
    ...(vision === undefined ? {} : { vision }),
    ...(thinking === undefined ? {} : { thinking }),
    ...(price === undefined ? {} : { price: { ...listedPrice(price), ...listedLong(price.long) } }),
  };
}

function listedLong(long: ModelPrice["long"]) {
  return long === undefined ? {} : { long: { over: long.over, ...listedPrice(long) } };
}

function listedPrice({ input, output, cacheRead, cacheWrite }: Omit<ModelPrice, "long">): ListedPrice {
  return {
    input,
    output,
    ...(cacheRead === undefined ? {} : { cache_read: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_write: cacheWrite }),
  };
}
