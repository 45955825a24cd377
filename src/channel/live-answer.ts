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
  /** Runs what sends a message when it is its turn; not at all when the signal aborts before that. */
  readonly pass: (signal: AbortSignal, send: () => Promise<void>) => Promise<void>;
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
  /** The place refuses, or it is the end: then the rest comes with the whole answer. */
  readonly #over = new AbortController();

  constructor(options: LiveAnswerOptions) {
    this.#o = options;
    this.#ids = [...options.shown];
  }

  add(content: string): void {
    this.#text += content;
    this.#plan(this.#texts.length === 0 ? FIRST_MS : this.#o.editMs);
  }

  #plan(ms: number): void {
    if (this.#over.signal.aborted || this.#timer || this.#flushing) return;
    this.#timer = setTimeout(() => this.#flush(), ms);
  }

  /** Resolves with the messages that are there, once nothing more is under way. */
  async end(): Promise<readonly { readonly id: string; readonly text: string | undefined }[]> {
    clearTimeout(this.#timer);
    this.#over.abort();
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
        this.#over.abort();
        // One whole message is what some conversations have.
        const level = reason === "invalid_params" ? "debug" : "warn";
        this.#o.log[level]("answer could not be shown while it grows", describeError(thrown));
      })
      .finally(() => {
        this.#flushing = undefined;
        const isShown = splitText(this.#text, this.#o.limit).every((piece, at) => piece === this.#texts[at]);
        if (!isShown) this.#plan(restMs);
      });
  }

  async #show(): Promise<void> {
    const { conversation, channelOf, limit, pass } = this.#o;
    for (const [at, piece] of splitText(this.#text, limit).entries()) {
      const channel = channelOf();
      if (!channel?.edit || this.#over.signal.aborted) return;
      if (this.#texts[at] === piece) continue;
      const id = this.#ids[at];
      if (id !== undefined) await channel.edit(conversation, id, piece);
      else if (channel.knowsKeys) await this.#send(channel, at, piece);
      else await pass(this.#over.signal, () => this.#send(channel, at, piece));
      if (this.#ids[at] === undefined) return;
      this.#texts[at] = piece;
    }
  }

  /** Its id is on disk when it resolves. */
  async #send(channel: OpenChannel, at: number, piece: string): Promise<void> {
    const { conversation, replyTo, keyOf, onShown } = this.#o;
    const extras = at === 0 && replyTo !== undefined ? { replyTo } : {};
    const sent = await channel.send(conversation, piece, { ...extras, key: keyOf(at), grows: true });
    // What has no name cannot be changed: the whole comes by itself.
    if (sent.id === "") return this.#over.abort();
    this.#ids[at] = sent.id;
    onShown([...this.#ids]);
  }
}
