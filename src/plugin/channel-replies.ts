/** Brings the answers of runs that a channel's messages started back to where those messages came from. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData } from "../protocol/events.ts";
import type { Bus, Published } from "../sdk/bus.ts";
import type { ChannelHost, Inbound } from "../sdk/channel.ts";

export interface RepliesOptions {
  readonly bus: Pick<Bus, "attach">;
  readonly log: Log;
  /** Over the channel as it is then: it may have been opened anew since the message came. */
  readonly send: (conversation: string, text: string) => unknown;
  /** Characters of one message. */
  readonly limit: number;
  /** How the time between attempts passes. */
  readonly wait: (ms: number) => Promise<void>;
}

/** A connection that broke is usually there again by the last of them. */
const RETRY_MS = [1000, 5000, 25_000];
/** Runs whose answers are waited for; one that never ended makes room for a new one. */
const MAX_WAITING = 1000;

export class Replies {
  readonly #o: RepliesOptions;
  /** By run: where its answer goes. */
  readonly #waiting = new Map<string, string>();
  /** What ended in a session while nobody knew yet which run it was. */
  readonly #early = new Map<string, string>();
  /** By session: messages that are on their way to a run. */
  readonly #starting = new Map<string, number>();
  readonly #sending = new Map<string, Promise<void>>();
  #attached: Disposable | undefined;

  constructor(options: RepliesOptions) {
    this.#o = options;
  }

  /** Resolves when the message is on disk, or its writer was told why not. Never rejects. */
  async receive(inbound: Inbound, conversation: string, receive: ChannelHost["receive"]): Promise<void> {
    const { sessionKey } = inbound;
    this.#starting.set(sessionKey, (this.#starting.get(sessionKey) ?? 0) + 1);
    this.#attached ??= this.#o.bus.attach({ deliver: (published) => this.#heard(published) });
    try {
      const { runId } = await receive(inbound);
      const early = this.#early.get(runId);
      if (early !== undefined) this.#send(conversation, early);
      else {
        this.#waiting.set(runId, conversation);
        if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
      }
    } catch (thrown) {
      this.#o.log.warn("message could not be taken", { session_key: sessionKey, ...describeError(thrown) });
      this.#send(conversation, failureText(AlephError.from(thrown).message));
    } finally {
      const others = this.#starting.get(sessionKey)! - 1;
      if (others > 0) this.#starting.set(sessionKey, others);
      else this.#starting.delete(sessionKey);
      this.#tidy();
    }
  }

  #heard({ event: { topic, data }, sessionKey }: Published): void {
    if (topic !== "agent.completed" && topic !== "agent.error" && topic !== "agent.cancelled") return;
    const { run_id } = data as EventData<typeof topic>;
    const text = answerOf(topic, data);
    const conversation = this.#waiting.get(run_id);
    if (conversation !== undefined) {
      this.#waiting.delete(run_id);
      this.#send(conversation, text);
      this.#tidy();
    } else if (sessionKey !== undefined && this.#starting.has(sessionKey)) this.#early.set(run_id, text);
  }

  /** While nothing is awaited, nothing is listened to. */
  #tidy(): void {
    if (this.#starting.size > 0) return;
    this.#early.clear();
    if (this.#waiting.size > 0) return;
    this.#attached?.[Symbol.dispose]();
    this.#attached = undefined;
  }

  /** One after the other within a conversation. */
  #send(conversation: string, text: string): void {
    if (text.trim() === "") return;
    const before = this.#sending.get(conversation) ?? Promise.resolve();
    const sent = before.then(async () => {
      for (const piece of piecesOf(text, this.#o.limit)) await this.#deliver(conversation, piece);
    });
    this.#sending.set(conversation, sent);
    void sent.then(() => {
      if (this.#sending.get(conversation) === sent) this.#sending.delete(conversation);
    });
  }

  async #deliver(conversation: string, text: string): Promise<void> {
    const { send, wait, log } = this.#o;
    for (const retryMs of [...RETRY_MS, undefined]) {
      try {
        await send(conversation, text);
        return;
      } catch (thrown) {
        const retry = retryMs === undefined ? {} : { retry_in_ms: retryMs };
        log.warn("answer could not be sent", { ...retry, ...describeError(thrown) });
        if (retryMs !== undefined) await wait(retryMs);
      }
    }
  }
}

function answerOf(topic: string, data: object): string {
  if (topic === "agent.completed") return (data as EventData<"agent.completed">).text;
  return topic === "agent.error" ? failureText((data as EventData<"agent.error">).error.message) : "";
}

function failureText(message: string): string {
  return `I could not answer: ${message}`;
}

/** Cut at the end of a line where there is one in the second half. */
function piecesOf(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const line = rest.lastIndexOf("\n", limit);
    // A surrogate pair must not be torn apart.
    const end = line > limit / 2 ? line : limit - (/[\uD800-\uDBFF]/.test(rest[limit - 1]!) ? 1 : 0);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(line > limit / 2 ? end + 1 : end);
  }
  return [...pieces, rest];
}
