/** What clients are told of models and providers: names as on the wire, no secrets. */
import type { ModelInfo } from "../../sdk/provider.ts";
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
  price?: { input: number; output: number; cache_read?: number; cache_write?: number };
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
  providers: {
    id: string;
    /** `unknown` when the table names none. */
    type: string;
    base_url: string | null;
    from: ProviderSource["from"];
    has_key: boolean;
  }[];
}

export function listed(provider: string, info: ModelInfo): ListedModel {
  const { id, name, contextWindow, maxOutput, price } = info;
  return {
    id,
    provider,
    ref: `${provider}/${id}`,
    ...(name === undefined ? {} : { name }),
    ...(contextWindow === undefined ? {} : { context_window: contextWindow }),
    ...(maxOutput === undefined ? {} : { max_output: maxOutput }),
    ...(price === undefined ? {} : { price: listedPrice(price) }),
  };
}

function listedPrice({ input, output, cacheRead, cacheWrite }: NonNullable<ModelInfo["price"]>) {
  return {
    input,
    output,
    ...(cacheRead === undefined ? {} : { cache_read: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_write: cacheWrite }),
  };
}
