/** Adds up what one reply takes at each of the models that were asked for it. */
import type { Usage } from "../protocol/message.ts";
import { addUsage } from "../protocol/usage.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Ledger } from "../usage/ledger.ts";
import { spenderOf } from "./limits.ts";

export interface MeterOptions {
  readonly run: Pick<StoredRun, "id" | "sessionKey" | "request">;
  readonly usage: Pick<Ledger, "record">;
  readonly monotonic: () => number;
}

export class Meter {
  readonly #o: MeterOptions;
  #asked: { readonly provider: string; readonly model: string; readonly at: number } | undefined;
  #used: Usage | undefined;

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

  /** Hands on what was told since a model was asked; to be called when the reply has ended, in whatever way. */
  end(): void {
    const asked = this.#asked;
    const usage = this.#used;
    this.#asked = undefined;
    this.#used = undefined;
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
