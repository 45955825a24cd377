/** What is to go out over channels, on disk until the place has taken it: in order within a conversation, tried again and again. */
import type { Database } from "bun:sqlite";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { Button, OpenChannel } from "../sdk/channel.ts";
import type { Store } from "../sdk/store.ts";

/** Stored bytes that go out; read when it is their turn. */
export interface OutboxFile {
  readonly media_id: string;
  readonly name: string;
  readonly type: string;
}

export interface OutboxExtras {
  readonly buttons?: readonly (readonly Button[])[];
  /** The place's id of the message that is answered. */
  readonly replyTo?: string;
  /** The place's id of the message that it stands in place of. */
  readonly replaces?: string;
  /** What has been sent with it may be there already. */
  readonly key?: string;
  readonly files?: readonly OutboxFile[];
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
  /** Where stored bytes are. */
  readonly media: { get(mediaId: string): Promise<{ readonly bytes: Uint8Array }> };
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** Messages under way to one channel. */
const AT_ONCE = 16;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
const GIVE_UP_MS = 7 * 24 * 60 * 60_000;
/** How long what is under way may take when all stops. */
const STOP_MS = 3000;
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
        const worker = this.#work(store, channel, conversation).then(
          () => {
            this.#workers.delete(key);
            // What was put down after its last look.
            if (!this.#stop.signal.aborted && this.#o.channelOf(channel) && nextOf(store.db, channel, conversation))
              this.kick(channel);
          },
          (thrown: unknown) => {
            this.#workers.delete(key);
            this.#o.log.error("messages could not be sent", { interface: channel, ...describeError(thrown) });
          },
        );
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
    // A place that does not answer holds nothing up; what it did not take by then goes out after the next start.
    const late = new AbortController();
    await Promise.race([Promise.all(this.#workers.values()), this.#o.wait(STOP_MS, late.signal)]);
    late.abort();
  }

  async #work(store: Store, channel: string, conversation: string): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const row = signal.aborted ? undefined : nextOf(store.db, channel, conversation);
      if (!row) return;
      if (isTooOld(row, this.#o.now())) {
        await this.#note(row, () => giveUp(store, row, "It could not be sent for a week"));
        continue;
      }
      const wait = row.next_at - this.#o.now();
      if (wait > 0) await this.#o.wait(wait, signal);
      if (signal.aborted) return;
      // It goes on when the channel is there again.
      if (!this.#o.channelOf(channel)) return;
      const note = await this.#turn(channel, async () => {
        const open = this.#o.channelOf(channel);
        return open && !signal.aborted ? this.#send(store, row, open) : undefined;
      });
      if (note) await this.#note(row, note);
    }
  }

  /** Resolves with what is to be put down of it. */
  async #send(store: Store, row: Row, open: OpenChannel): Promise<() => void> {
    const { now, log } = this.#o;
    try {
      await deliver(open, row, this.#o.media);
      return () => store.writeRelaxed((db) => db.query("DELETE FROM channel_outbox WHERE id = ?").run(row.id));
    } catch (thrown) {
      const { reason, message, data } = AlephError.from(thrown);
      const about = { interface: row.channel, attempt: row.attempts + 1, ...describeError(thrown) };
      if (FINAL.has(reason) || isTooOld(row, now())) {
        log.error("message will not be sent", about);
        return () => giveUp(store, row, message);
      }
      const asked = typeof data?.retry_after_ms === "number" ? data.retry_after_ms : 0;
      const retry = Math.max(asked, Math.min(FIRST_RETRY_MS * 2 ** row.attempts, LONGEST_RETRY_MS));
      log.warn("message could not be sent", { ...about, retry_in_ms: retry });
      const nextAt = now() + retry;
      return () =>
        store.writeRelaxed((db) =>
          db.query("UPDATE channel_outbox SET attempts = attempts + 1, next_at = ? WHERE id = ?").run(nextAt, row.id),
        );
    }
  }

  /** A disk that is full must not make it send the same again and again: what became of it is put down first. */
  async #note({ channel }: Row, note: () => void): Promise<void> {
    const { log, wait } = this.#o;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted || failures === 0; failures++) {
      try {
        note();
        return;
      } catch (thrown) {
        log.error("message could not be noted as sent", { interface: channel, ...describeError(thrown) });
        await wait(Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS), signal);
      }
    }
  }

  /** At most so many at once over one channel. */
  async #turn<T>(channel: string, work: () => Promise<T>): Promise<T> {
    const busy = this.#busy.get(channel) ?? 0;
    if (busy < AT_ONCE) this.#busy.set(channel, busy + 1);
    else {
      const queue = this.#queues.get(channel) ?? [];
      this.#queues.set(channel, queue);
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      // Whoever waits has its place from it.
      const next = this.#queues.get(channel)?.shift();
      if (next) next();
      else this.#busy.set(channel, this.#busy.get(channel)! - 1);
    }
  }
}

function isTooOld({ created_at }: Row, now: number): boolean {
  return now - created_at > GIVE_UP_MS;
}

/** Those that were given up are counted for as long again. */
function giveUp(store: Store, { id, created_at }: Row, failure: string): void {
  store.writeRelaxed((db) => {
    db.query("UPDATE channel_outbox SET failure = ? WHERE id = ?").run(failure, id);
    db.query("DELETE FROM channel_outbox WHERE failure NOT NULL AND created_at < ?").run(created_at - GIVE_UP_MS);
  });
}

async function deliver(open: OpenChannel, row: Row, media: OutboxOptions["media"]): Promise<void> {
  const { conversation, text, extras } = row;
  const { replaces, files, ...more } = JSON.parse(extras) as OutboxExtras;
  const stored = files?.map(({ media_id, name, type }) => ({
    name,
    type,
    load: async () => (await media.get(media_id)).bytes,
  }));
  const rest = stored ? { ...more, files: stored } : more;
  if (replaces !== undefined && open.edit) {
    try {
      await open.edit(conversation, replaces, text, rest);
      return;
    } catch (thrown) {
      // Somebody took the message away: what it was to say is said anew.
      if (AlephError.from(thrown).reason !== "not_found") throw thrown;
    }
  }
  await open.send(conversation, text, { ...rest, key: rest.key ?? keyOf(row) });
}

/** Ids alone come again: each database counts for itself, and from the beginning once all was sent. */
function keyOf({ id, conversation, text, created_at }: Row): string {
  return messageKey(id, conversation, created_at, text);
}

/** The key of a message that is about these. */
export function messageKey(...parts: readonly (string | number)[]): string {
  const about = JSON.stringify(parts);
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
