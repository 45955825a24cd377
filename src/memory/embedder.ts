/** Vectors for texts, by the model that the config names for it; what it takes is counted as usage. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Models } from "../providers/models.ts";
import { providerFailureOf } from "../sdk/provider-error.ts";
import type { Ledger } from "../usage/ledger.ts";
import { quantize } from "./vectors.ts";

export interface EmbedderOptions {
  readonly models: Pick<Models, "resolve" | "open" | "price" | "forget" | "breaker">;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly config: () => Pick<Config, "models">;
  readonly monotonic: () => number;
}

export interface Embedded {
  /** `provider/model`. */
  readonly model: string;
  readonly vectors: readonly Int8Array<ArrayBuffer>[];
}

const HINT = "Set models.embedding in config.toml to a model that makes vectors";

export class Embedder {
  readonly #o: EmbedderOptions;

  constructor(options: EmbedderOptions) {
    this.#o = options;
  }

  get isSet(): boolean {
    return this.#o.config().models.embedding !== undefined;
  }

  /** `provider/model` of what `embed` would ask. Throws `no_provider` when none is set, `not_found` when it is not known. */
  async model(signal: AbortSignal): Promise<string> {
    return (await this.#o.models.resolve(this.#name(), signal)).ref;
  }

  /** Throws `no_provider` when no model is set or its provider makes none, `budget_exceeded`, and what the provider throws. */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<Embedded> {
    const { models, usage, monotonic } = this.#o;
    const who = { identity: "owner", credential: undefined, sessionKey: undefined };
    usage.check(who);
    const from = await models.resolve(this.#name(), signal);
    const open = await models.open(from.provider);
    if (!open.embed)
      throw new AlephError("no_provider", `Provider ${JSON.stringify(from.provider)} makes no vectors`, {
        data: { hint: HINT },
      });
    const began = monotonic();
    const breaker = models.breaker(from.provider);
    try {
      const { vectors, inputTokens } = await open.embed({ model: from.model, texts }, signal);
      if (vectors.length !== texts.length) {
        throw new AlephError("provider_error", `${from.ref} gave ${vectors.length} vectors for ${texts.length} texts`);
      }
      breaker.succeeded();
      const price = models.price(from.provider, from.model);
      const cost_usd = price === undefined ? null : (inputTokens * price.input) / 1_000_000;
      const spent = { input: inputTokens, output: 0, cache_read: 0, cache_write: 0, cost_usd };
      usage.record({ ...who, route: "memory.embed", ...from, usage: spent, ms: monotonic() - began });
      return { model: from.ref, vectors: vectors.map(quantize) };
    } catch (error) {
      if (providerFailureOf(error) === "auth") models.forget(from.provider);
      breaker.ended();
      throw error;
    }
  }

  #name(): string {
    const name = this.#o.config().models.embedding;
    if (name !== undefined) return name;
    throw new AlephError("no_provider", "No model is set to make vectors", { data: { hint: HINT } });
  }
}
