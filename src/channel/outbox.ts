/** What is to go out over channels, on disk until the place has taken it: in order within a conversation, tried again and again. */
import type { Database } from "bun:sqlite";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { Button, OpenChannel } from "../sdk/channel.ts";
import type { Store } from "../sdk/store.ts";

export interface OutboxExtras {
  readonly buttons?: readonly (readonly Button[])[];
  /** The place's id of the message that is answered. */
  readonly replyTo?: string;
  /** The place's id of the message that it stands in place of. */
  readonly replaces?: string;
}

export interface Outgoing {
  readonly channel: string;
  readonly conversation: string;
  readonly text: string;
  readonly extras?: OutboxExtras;
}

export interface OutboxOptions {
  readonly stores: { all(): readonly Store[] };
  /** The channel while it is running. */
  readonly channelOf: (channel: string) => OpenChannel | undefined;
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** Messages under way to one channel. */
const AT_ONCE = 16;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
const GIVE_UP_MS = 7 * 24 * 60 * 60_000;
/** Trying again changes nothing. */
const FINAL: ReadonlySet<Reason> = new Set<Reason>(["not_found", "forbidden", "invalid_params", "payload_too_large"]);

/** Inside the caller's transaction; `kick` sends it. */
export function insertOutgoing(
  db: Database,
  { channel, conversation, text, extras = {} }: Outgoing,
  now: number,
): void {
  db.query(
    "INSERT INTO channel_outbox (channel, conversation, text, extras, next_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
  ).run(channel, conversation, text, JSON.stringify(extras), now, now);
}

export class Outbox implements AsyncDisposable {
  readonly #o: OutboxOptions;
  readonly #stop = new AbortController();
  /** By store, channel and conversation. */
  readonly #workers = new Map<string, Promise<void>>();
  readonly #busy = new Map<string, number>();
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(options: OutboxOptions) {
    this.#o = options;
  }

  /** Sends what waits for this channel. Returns at once, and never throws. */
  kick(channel: string): void {
    if (this.#stop.signal.aborted) return;
    this.#o.stores.all().forEach((store, at) => {
      for (const { conversation } of conversationsOf(store.db, channel)) {
        const key = JSON.stringify([at, channel, conversation]);
        if (this.#workers.has(key)) continue;
        const worker = this.#work(store, channel, conversation)
          .catch((thrown: unknown) => this.#o.log.error("messages could not be sent", describeError(thrown)))
          .finally(() => {
            this.#workers.delete(key);
            // What was put down after its last look.
            if (this.#o.channelOf(channel) && nextOf(store.db, channel, conversation)) this.kick(channel);
          });
        this.#workers.set(key, worker);
      }
    });
  }

  /** Messages that wait, and those that the place will never take. */
  counts(channel: string): { readonly waiting: number; readonly failed: number } {
    let [waiting, failed] = [0, 0];
    for (const { db } of this.#o.stores.all()) {
      const row = db
        .query<{ waiting: number; failed: number }, [string]>(
          "SELECT count(*) FILTER (WHERE failure IS NULL) AS waiting, count(*) FILTER (WHERE failure IS NOT NULL) AS failed FROM channel_outbox WHERE channel = ?",
        )
        .get(channel);
      waiting += row?.waiting ?? 0;
      failed += row?.failed ?? 0;
    }
    return { waiting, failed };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const queue of this.#queues.values()) for (const go of queue) go();
    await Promise.all(this.#workers.values());
  }

  async #work(store: Store, channel: string, conversation: string): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const row = nextOf(store.db, channel, conversation);
      if (!row || signal.aborted) return;
      const wait = row.next_at - this.#o.now();
      if (wait > 0) await this.#o.wait(wait, signal);
      if (signal.aborted) return;
      // It goes on when the channel is there again.
      if (!this.#o.channelOf(channel)) return;
      await this.#turn(channel, async () => {
        const open = this.#o.channelOf(channel);
        if (open && !signal.aborted) await this.#send(store, row, open);
      });
    }
  }

  async #send(store: Store, row: Row, open: OpenChannel): Promise<void> {
    const { now, log } = this.#o;
    try {
      await deliver(open, row);
      store.writeRelaxed((db) => db.query("DELETE FROM channel_outbox WHERE id = ?").run(row.id));
    } catch (thrown) {
      const { reason, message, data } = AlephError.from(thrown);
      const about = { interface: row.channel, attempt: row.attempts + 1, ...describeError(thrown) };
      if (FINAL.has(reason) || now() - row.created_at > GIVE_UP_MS) {
        log.error("message will not be sent", about);
        store.writeRelaxed((db) => db.query("UPDATE channel_outbox SET failure = ? WHERE id = ?").run(message, row.id));
        return;
      }
      const asked = typeof data?.retry_after_ms === "number" ? data.retry_after_ms : 0;
      const retry = Math.max(asked, Math.min(FIRST_RETRY_MS * 2 ** row.attempts, LONGEST_RETRY_MS));
      log.warn("message could not be sent", { ...about, retry_in_ms: retry });
      store.writeRelaxed((db) =>
        db
          .query("UPDATE channel_outbox SET attempts = attempts + 1, next_at = ? WHERE id = ?")
          .run(now() + retry, row.id),
      );
    }
  }

  /** At most so many at once over one channel. */
  async #turn(channel: string, work: () => Promise<void>): Promise<void> {
    if ((this.#busy.get(channel) ?? 0) >= AT_ONCE) {
      const queue = this.#queues.get(channel) ?? [];
      this.#queues.set(channel, queue);
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    this.#busy.set(channel, (this.#busy.get(channel) ?? 0) + 1);
    try {
      await work();
    } finally {
      this.#busy.set(channel, this.#busy.get(channel)! - 1);
      this.#queues.get(channel)?.shift()?.();
    }
  }
}

async function deliver(open: OpenChannel, row: Row): Promise<void> {
  const { conversation, text, extras } = row;
  const { replaces, ...rest } = JSON.parse(extras) as OutboxExtras;
  if (replaces !== undefined && open.edit) {
    try {
      await open.edit(conversation, replaces, text, rest);
      return;
    } catch (thrown) {
      // Somebody took the message away: what it was to say is said anew.
      if (AlephError.from(thrown).reason !== "not_found") throw thrown;
    }
  }
  await open.send(conversation, text, { ...rest, key: keyOf(row) });
}

/** Ids alone come again: each database counts for itself, and from the beginning once all was sent. */
function keyOf({ id, conversation, text, created_at }: Row): string {
  const about = JSON.stringify([id, conversation, created_at, text]);
  return new Bun.CryptoHasher("sha256").update(about).digest("base64url").slice(0, 25);
}

interface Row {
  readonly id: number;
  readonly channel: string;
  readonly conversation: string;
  readonly text: string;
  readonly extras: string;
  readonly attempts: number;
  readonly next_at: number;
  readonly created_at: number;
}

function nextOf(db: Database, channel: string, conversation: string): Row | undefined {
  return (
    db
      .query<Row, [string, string]>(
        "SELECT * FROM channel_outbox WHERE channel = ? AND conversation = ? AND failure IS NULL ORDER BY id LIMIT 1",
      )
      .get(channel, conversation) ?? undefined
  );
}

function conversationsOf(db: Database, channel: string): { readonly conversation: string }[] {
  return db
    .query<{ conversation: string }, [string]>(
      "SELECT DISTINCT conversation FROM channel_outbox WHERE channel = ? AND failure IS NULL",
    )
    .all(channel);
}
