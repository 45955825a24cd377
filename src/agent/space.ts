/** The room of one run's conversation at the models that it asks: what is too long is compacted, or goes without its oldest part. */
import { describeError } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import type { FittedModel } from "../providers/chain.ts";
import type { ModelMessage } from "../sdk/provider.ts";
import { spenderOf } from "./limits.ts";
import type { LoopDeps, LoopRun } from "./loop.ts";
import { readMessages, type Turn } from "./prepare.ts";
import { messagesTokens, TokenScales } from "./tokens.ts";
import { fitMessages, roomOf } from "./window.ts";

type Trace = (kind: "compaction", detail: Record<string, unknown>) => void;

export class Space {
  readonly #deps: LoopDeps;
  readonly #r: LoopRun;
  readonly #scales: TokenScales;
  readonly #trace: Trace;
  /** It did not help, or could not be done: the next step would not find it otherwise. */
  #inVain = false;
  #sent: { readonly ref: string; readonly tokens: number } | undefined;

  constructor(deps: LoopDeps, loopRun: LoopRun, trace: Trace) {
    this.#deps = deps;
    this.#r = loopRun;
    this.#scales = deps.scales ?? new TokenScales();
    this.#trace = trace;
  }

  /** For a model whose window is smaller than that of the one that was wanted, and where nothing can be compacted. */
  fit(turn: Turn, messages: readonly ModelMessage[], { ref, info }: FittedModel): readonly ModelMessage[] {
    const fixed = this.#scales.fixed(turn);
    const fitted = fitMessages(messages, roomOf(info, fixed, this.#scales.of(ref)));
    this.#sent = { ref, tokens: messagesTokens(fitted) + fixed };
    if (fitted !== messages) this.#trace("compaction", { fitted: ref, tokens: Math.round(this.#sent.tokens) });
    return fitted;
  }

  /** Tokens of the last request, as its model counts them, as well as we know. */
  get sentTokens(): number {
    return this.#sent === undefined ? 0 : this.#sent.tokens * this.#scales.of(this.#sent.ref);
  }

  /** What the model says that it read sets our estimates right. */
  learn({ input, cache_read, cache_write }: Usage): void {
    const read = input + cache_read + cache_write;
    if (this.#sent && read > 0) this.#scales.learn(this.#sent.ref, this.#sent.tokens, read);
  }

  /** Compacts what has become too long; whether the turn begins anew with what `readMessages` gives. */
  async isTooLong(turn: Turn): Promise<boolean> {
    const { enabled, threshold } = this.#deps.config().sessions.compaction;
    if (!enabled || this.#inVain) return false;
    const room = turn.roomFor(this.#scales);
    if (messagesTokens(turn.messages) <= room * threshold) return false;
    return await this.#compact(turn, room, "threshold");
  }

  /** After a model said that it is too long for it. */
  async shorten(turn: Turn, { ref, info }: FittedModel): Promise<readonly ModelMessage[] | undefined> {
    this.#scales.raise(ref);
    const room = roomOf(info, this.#scales.fixed(turn), this.#scales.of(ref));
    const tokens = messagesTokens(turn.messages);
    const { enabled } = this.#deps.config().sessions.compaction;
    // Whoever refused it has less room than it said or than was supposed.
    const aim = Math.min(room, tokens * 0.7);
    if (enabled && (await this.#compact(turn, aim, "too_long"))) {
      const { messages, steered } = await readMessages(this.#deps, this.#r, turn);
      turn.messages.splice(0, turn.messages.length, ...messages);
      turn.late.push(...steered);
    }
    const fitted = fitMessages(turn.messages, aim);
    return messagesTokens(fitted) < tokens ? fitted : undefined;
  }

  async #compact(turn: Turn, room: number, reason: "threshold" | "too_long"): Promise<boolean> {
    const { run, session, store, cancel, abort, waiting } = this.#r;
    // Few runs come to that.
    const { compact } = await import("./compaction.ts");
    try {
      const made = await compact(this.#deps, {
        session,
        store,
        reason,
        room,
        waiting: waiting(),
        refs: turn.refs,
        spender: spenderOf(run),
        credential: run.request.credential,
        runId: run.id,
        signal: AbortSignal.any([cancel, abort]),
      });
      this.#inVain = made === undefined;
      if (made === undefined) return false;
      const { summarised, droppedResults, mark } = made;
      const tokens = { tokens_before: Math.round(mark.tokensBefore), tokens_after: Math.round(mark.tokensAfter) };
      this.#trace("compaction", { reason, summarised, dropped_results: droppedResults, ...tokens });
      return true;
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (cancel.aborted || abort.aborted || error.reason === "internal") throw thrown;
      // It goes on without its oldest part; the next run tries again.
      this.#inVain = true;
      this.#trace("compaction", { reason, failed: describeError(error).error ?? error.message });
      return false;
    }
  }
}
