/** Adds up what one reply takes at each of the models that were asked for it. */
import type { Usage } from "../protocol/message.ts";
import { addUsage } from "../protocol/usage.ts";
import { type ChainPart, priced } from "../providers/chain.ts";
import type { Models } from "../providers/models.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Ledger } from "../usage/ledger.ts";
import { spenderOf } from "./limits.ts";
import { textTokens } from "./tokens.ts";

export interface MeterOptions {
  readonly run: Pick<StoredRun, "id" | "sessionKey" | "request">;
  readonly usage: Pick<Ledger, "record">;
  readonly models: Pick<Models, "known">;
  readonly monotonic: () => number;
}

export class Meter {
  readonly #o: MeterOptions;
  #asked: { readonly provider: string; readonly model: string; readonly at: number } | undefined;
  #used: Usage | undefined;
  /** Tokens, as we estimate them, of what came since a model was asked. */
  #heard = 0;

  constructor(options: MeterOptions) {
    this.#o = options;
  }

  /** From here on this model is asked. */
  asks(provider: string, model: string): void {
    this.end();
    this.#asked = { provider, model, at: this.#o.monotonic() };
  }

  /** A provider may tell in several parts. */
  add(usage: Usage): void {
    this.#used = addUsage(this.#used, usage);
  }

  hear(part: ChainPart): void {
    if (part.type === "text" || part.type === "thinking") this.#heard += textTokens(part.text);
  }

  /**
   * What a reply took that we broke off before the vendor said so: about the tokens that were `sent`, and what came. Were it nothing,
   * whoever stops each reply shortly before its end would have no budget. Nothing where nothing came, or all was told.
   */
  estimate(sent: number): Usage | undefined {
    if (this.#asked === undefined || this.#used !== undefined || this.#heard === 0) return undefined;
    const { provider, model } = this.#asked;
    const tokens = { input: Math.round(sent), output: Math.ceil(this.#heard), cache_read: 0, cache_write: 0 };
    return priced(tokens, this.#o.models.known(provider, model).price);
  }

  /** Hands on what was told since a model was asked; to be called when the reply has ended, in whatever way. */
  end(): void {
    const asked = this.#asked;
    const usage = this.#used;
    this.#asked = undefined;
    this.#used = undefined;
    this.#heard = 0;
    if (asked === undefined || usage === undefined) return;
    const { run, monotonic } = this.#o;
    this.#o.usage.record({
      ...spenderOf(run),
      credential: run.request.credential,
      route: "agent",
      runId: run.id,
      provider: asked.provider,
      model: asked.model,
      usage,
      ms: monotonic() - asked.at,
    });
  }
}
