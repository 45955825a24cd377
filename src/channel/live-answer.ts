/** Shows the answer of a run while it grows, in as many messages as it takes, each changed no more often than the place allows. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { OpenChannel } from "../sdk/channel.ts";
import { splitText } from "./split-text.ts";

export interface LiveAnswerOptions {
  readonly conversation: string;
  /** The channel while it is running. */
  readonly channelOf: () => OpenChannel | undefined;
  readonly limit: number;
  readonly editMs: number;
  readonly replyTo: string | undefined;
  /** Of the message at this place. */
  readonly keyOf: (at: number) => string;
  /** The messages that an earlier process has shown. */
  readonly shown: readonly string[];
  /** The place's ids of the messages so far. */
  readonly onShown: (ids: readonly string[]) => void;
  readonly log: Log;
}

/** What grows more slowly is seen at its end. */
const FIRST_MS = 400;

export class LiveAnswer {
  readonly #o: LiveAnswerOptions;
  readonly #ids: string[];
  /** What each message says. */
  readonly #texts: string[] = [];
  #text = "";
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;
  /** The place refuses: then the answer comes at its end. */
  #isGivenUp = false;

  constructor(options: LiveAnswerOptions) {
    this.#o = options;
    this.#ids = [...options.shown];
  }

  add(content: string): void {
    this.#text += content;
    this.#plan(this.#texts.length === 0 ? FIRST_MS : this.#o.editMs);
  }

  #plan(ms: number): void {
    if (this.#isGivenUp || this.#timer || this.#flushing) return;
    this.#timer = setTimeout(() => this.#flush(), ms);
  }

  /** Resolves with the messages that are there, once nothing more is under way. */
  async end(): Promise<readonly { readonly id: string; readonly text: string | undefined }[]> {
    clearTimeout(this.#timer);
    this.#isGivenUp = true;
    await this.#flushing;
    return this.#ids.map((id, at) => ({ id, text: this.#texts[at] }));
  }

  #flush(): void {
    this.#timer = undefined;
    let restMs = this.#o.editMs;
    this.#flushing = this.#show()
      .catch((thrown: unknown) => {
        const { reason, data } = AlephError.from(thrown);
        if (reason === "rate_limited" && typeof data.retry_after_ms === "number") {
          restMs = Math.max(restMs, data.retry_after_ms);
          return;
        }
        this.#isGivenUp = true;
        this.#o.log.warn("answer could not be shown while it grows", describeError(thrown));
      })
      .finally(() => {
        this.#flushing = undefined;
        const isShown = splitText(this.#text, this.#o.limit).every((piece, at) => piece === this.#texts[at]);
        if (!isShown) this.#plan(restMs);
      });
  }

  async #show(): Promise<void> {
    const { conversation, channelOf, limit, replyTo, keyOf, onShown } = this.#o;
    for (const [at, piece] of splitText(this.#text, limit).entries()) {
      const channel = channelOf();
      if (!channel?.edit || this.#isGivenUp) return;
      if (this.#texts[at] === piece) continue;
      const id = this.#ids[at];
      if (id !== undefined) await channel.edit(conversation, id, piece);
      else {
        const extras = at === 0 && replyTo !== undefined ? { replyTo } : {};
        const sent = await channel.send(conversation, piece, { ...extras, key: keyOf(at) });
        this.#ids[at] = sent.id;
        onShown([...this.#ids]);
      }
      this.#texts[at] = piece;
    }
  }
}
