/** What a thread shows while Aleph thinks: once for each message that came, and until the answer begins. */
import type { WebClient } from "@slack/web-api";
import { parsePlace } from "./place.ts";
import { isRefusal } from "./web.ts";

/** Slack takes it away after two minutes. */
const SHOWN_MS = 100_000;
const LIMIT = 500;

export class Status {
  readonly #web: WebClient;
  /** By thread: until when nothing is to be done. */
  readonly #quietUntil = new Map<string, number>();
  /** The workspace does not take it from this app. */
  #isRefused = false;

  constructor(web: WebClient) {
    this.#web = web;
  }

  /** Somebody wrote there. */
  heard(conversation: string): void {
    this.#quietUntil.delete(conversation);
  }

  /** The answer has begun, and took the status away. */
  answered(conversation: string): void {
    this.#quiet(conversation, Number.POSITIVE_INFINITY);
  }

  /** Only threads have one. Throws when it could not be shown. */
  async show(conversation: string): Promise<void> {
    const { channel, thread } = parsePlace(conversation);
    const now = Date.now();
    if (this.#isRefused || thread === undefined || (this.#quietUntil.get(conversation) ?? 0) > now) return;
    this.#quiet(conversation, now + SHOWN_MS);
    try {
      await this.#web.assistant.threads.setStatus({ channel_id: channel, thread_ts: thread, status: "is thinking…" });
    } catch (thrown) {
      this.#isRefused = isRefusal(thrown);
      throw thrown;
    }
  }

  #quiet(conversation: string, until: number): void {
    this.#quietUntil.delete(conversation);
    this.#quietUntil.set(conversation, until);
    if (this.#quietUntil.size > LIMIT) this.#quietUntil.delete(this.#quietUntil.keys().next().value!);
  }
}
