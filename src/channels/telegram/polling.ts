/** Asks for a bot's updates: each chat's are taken in their order, and no chat waits for what another one sends. */
import type { Update } from "grammy/types";
import { pause } from "../../lib/pause.ts";

export interface PollingOptions {
  /** Gives unconfirmed updates from `offset` on, which confirms those before; waits for one as long as `timeout` seconds. */
  readonly ask: (wanted: { offset: number; timeout: number; limit: number }) => Promise<readonly Update[]>;
  /** Resolves when it is on disk, or nothing becomes of it. */
  readonly take: (update: Update) => Promise<void>;
}

export const POLL_SECONDS = 25;
/** Updates at once on their way to a run. */
const AT_ONCE = 100;
/** A large file may take long: so often it is looked what others have written meanwhile. */
const LOOK_MS = 1000;

export class Polling {
  readonly #o: PollingOptions;
  /** By their numbers: those that are not on disk, or could not be taken, and come again. */
  readonly #open = new Map<number, Promise<void>>();
  /** Those that are, and cannot be confirmed before the ones that came earlier. */
  readonly #done = new Set<number>();
  /** What is under way of each chat, up to its last. */
  readonly #chats = new Map<number, Promise<void>>();
  #next = 0;

  constructor(options: PollingOptions) {
    this.#o = options;
  }

  /** Up to here all is done; 0 before the first. */
  get offset(): number {
    return this.#open.size > 0 ? Math.min(...this.#open.keys()) : this.#next;
  }

  /** Rejects when updates could not be had, or one could not be taken. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#open.size === 0) this.#done.clear();
      const timeout = this.#open.size > 0 ? 0 : POLL_SECONDS;
      for (const update of await this.#o.ask({ offset: this.offset, timeout, limit: AT_ONCE })) this.#begin(update);
      const rested = new AbortController();
      const rest = pause(LOOK_MS, AbortSignal.any([signal, rested.signal]));
      await Promise.race([Promise.all(this.#open.values()), rest]).finally(() => rested.abort());
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#open.values());
  }

  #begin(update: Update): void {
    const id = update.update_id;
    if (this.#open.has(id) || this.#done.has(id)) return;
    this.#next = Math.max(this.#next, id + 1);
    const chat = chatOf(update);
    const taken = (this.#chats.get(chat) ?? Promise.resolve())
      .then(() => this.#o.take(update))
      .then(() => {
        this.#open.delete(id);
        this.#done.add(id);
        if (this.#chats.get(chat) === taken) this.#chats.delete(chat);
      });
    this.#open.set(id, taken);
    this.#chats.set(chat, taken);
  }
}

function chatOf({ message, callback_query, inline_query, chosen_inline_result }: Update): number {
  return (message?.chat ?? (callback_query ?? inline_query ?? chosen_inline_result)?.from)?.id ?? 0;
}
