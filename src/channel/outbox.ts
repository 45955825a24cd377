/** What is to go out over channels, on disk until the place has taken it: in order within a conversation, tried again and again. */
import type { Database } from "bun:sqlite";
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { Button, MessageExtras, OpenChannel } from "../sdk/channel.ts";
import type { Store } from "../sdk/store.ts";
import type { Reactions } from "./reactions.ts";
import type { SendGate } from "./send-gate.ts";

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
  /** Then it is no message: our reaction to the message `to` becomes this one, or none. */
  readonly reaction?: { readonly to: string; readonly emoji: string | null };
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
  readonly gate: SendGate;
  readonly reactions: Reactions;
  readonly log: Log;
}

/** Messages under way to one channel, of those that a second attempt does not double. */
const AT_ONCE = 16;
const RETRIES = { firstMs: 1000, factor: 2, longestMs: 300_000 };
const GIVE_UP_MS = 7 * 24 * 60 * 60_000;
/** A reaction is only a sign: nothing waits for it longer. */
const REACTION_ATTEMPTS = 3;
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

  /** Sends what waits for this channel, or for one conversation of it. Returns at once, and never throws. */
  kick(channel: string, conversation?: string): void {
    if (this.#stop.signal.aborted) return;
    this.#o.stores.all().forEach((store, at) => {
      const places = conversation === undefined ? conversationsOf(store.db, channel) : [conversation];
      for (const place of places) this.#start(store, at, channel, place);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    // A place that does not answer holds nothing up; what it did not take by then goes out after the next start.
    const late = new AbortController();
    await Promise.race([Promise.all(this.#workers.values()), this.#o.wait(STOP_MS, late.signal)]);
    late.abort();
  }

  #start(store: Store, at: number, channel: string, conversation: string): void {
    const key = JSON.stringify([at, channel, conversation]);
    if (this.#workers.has(key) || !nextOf(store.db, channel, conversation)) return;
    // What is put down from its end on needs another one.
    const ends = () => void this.#workers.delete(key);
    const worker = Promise.resolve()
      .then(() => this.#work(store, channel, conversation, ends))
      .catch((thrown: unknown) => {
        ends();
        this.#o.log.error("messages could not be sent", { interface: channel, ...describeError(thrown) });
      });
    this.#workers.set(key, worker);
  }

  async #work(store: Store, channel: string, conversation: string, ends: () => void): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const row = signal.aborted ? undefined : nextOf(store.db, channel, conversation);
      if (!row) return ends();
      if (isTooOld(row, this.#o.now())) {
        await this.#note(row, () => giveUp(store, row, "It could not be sent for a week"));
        continue;
      }
      const wait = row.next_at - this.#o.now();
      if (wait > 0) await this.#o.wait(wait, signal);
      // It goes on when the channel is there again.
      if (signal.aborted || !this.#o.channelOf(channel)) return ends();
      await this.#pass(store, row);
    }
  }

  async #pass(store: Store, row: Row): Promise<void> {
    const { channelOf, gate, media } = this.#o;
    const { channel, conversation, text } = row;
    const { replaces, reaction, ...extras } = readExtras(row, media);
    if (reaction) {
      // A second time it changes nothing.
      await this.#turn(channel, () => this.#attempt(store, row, (open) => this.#react(open, row, reaction)));
      return;
    }
    const send = async (open: OpenChannel) => {
      await open.send(conversation, text, { ...extras, key: extras.key ?? keyOf(row) });
      return true;
    };
    if (replaces !== undefined) {
      const edit = (open: OpenChannel) => changeText(open, row, replaces, extras);
      if (await this.#turn(channel, () => this.#attempt(store, row, edit))) return;
    }
    if (channelOf(channel)?.knowsKeys) await this.#turn(channel, () => this.#attempt(store, row, send));
    else await gate.pass(channel, this.#stop.signal, () => this.#attempt(store, row, send));
  }

  async #react(
    open: OpenChannel,
    { channel, conversation, attempts }: Row,
    { to, emoji }: NonNullable<OutboxExtras["reaction"]>,
  ): Promise<true> {
    try {
      await this.#o.reactions.set(open, { channel, conversation, messageId: to }, emoji);
    } catch (thrown) {
      if (!FINAL.has(AlephError.from(thrown).reason) && attempts + 1 < REACTION_ATTEMPTS) throw thrown;
      this.#o.log.debug("reaction could not be shown", { interface: channel, ...describeError(thrown) });
    }
    return true;
  }

  /** What came of it is put down before it resolves: with whether there is nothing else to do about it now. */
  async #attempt(store: Store, row: Row, deliver: (open: OpenChannel) => Promise<boolean>): Promise<boolean> {
    const { channelOf, now, log } = this.#o;
    const open = channelOf(row.channel);
    if (!open || this.#stop.signal.aborted) return true;
    try {
      if (!(await deliver(open))) return false;
      await this.#note(row, () =>
        store.writeRelaxed((db) => db.query("DELETE FROM channel_outbox WHERE id = ?").run(row.id)),
      );
    } catch (thrown) {
      const { reason, message, data } = AlephError.from(thrown);
      const about = { interface: row.channel, attempt: row.attempts + 1, ...describeError(thrown) };
      if (FINAL.has(reason) || isTooOld(row, now())) {
        log.error("message will not be sent", about);
        await this.#note(row, () => giveUp(store, row, message, lostFiles(row, reason, message), now()));
        return true;
      }
      const retry = retryAfter(row.attempts, RETRIES, data.retry_after_ms);
      log.warn("message could not be sent", { ...about, retry_in_ms: retry });
      const nextAt = now() + retry;
      await this.#note(row, () =>
        store.writeRelaxed((db) =>
          db.query("UPDATE channel_outbox SET attempts = attempts + 1, next_at = ? WHERE id = ?").run(nextAt, row.id),
        ),
      );
    }
    return true;
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
        await wait(retryAfter(failures, RETRIES), signal);
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

/** Those that were given up are kept for as long again. `instead` goes out in its place. */
function giveUp(store: Store, row: Row, failure: string, instead?: string, now = row.created_at): void {
  const { id, channel, conversation, created_at } = row;
  store.writeRelaxed((db) => {
    if (instead !== undefined) insertOutgoing(db, { channel, conversation, text: instead }, now);
    db.query("UPDATE channel_outbox SET failure = ? WHERE id = ?").run(failure, id);
    db.query("DELETE FROM channel_outbox WHERE failure NOT NULL AND created_at < ?").run(created_at - GIVE_UP_MS);
  });
}

/** Whoever waits for a file is told that the place does not take it. */
function lostFiles({ extras }: Row, reason: Reason, why: string): string | undefined {
  const { files } = JSON.parse(extras) as OutboxExtras;
  if (!files || (reason !== "invalid_params" && reason !== "payload_too_large")) return undefined;
  return files.map(({ name }) => `[${name} could not be sent: ${why}]`).join("\n");
}

function readExtras({ extras }: Row, media: OutboxOptions["media"]) {
  const { files, ...more } = JSON.parse(extras) as OutboxExtras;
  if (!files) return more;
  const stored = files.map(({ media_id, name, type }) => ({
    name,
    type,
    load: async () => (await media.get(media_id)).bytes,
  }));
  return { ...more, files: stored };
}

/** Resolves with whether it was changed. Somebody may have taken the message away: what it was to say is said anew. */
async function changeText(
  open: OpenChannel,
  { conversation, text }: Row,
  id: string,
  extras: MessageExtras,
): Promise<boolean> {
  if (!open.edit) return false;
  try {
    await open.edit(conversation, id, text, extras);
    return true;
  } catch (thrown) {
    if (AlephError.from(thrown).reason !== "not_found") throw thrown;
    return false;
  }
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

function conversationsOf(db: Database, channel: string): string[] {
  return db
    .query<{ conversation: string }, [string]>(
      "SELECT DISTINCT conversation FROM channel_outbox WHERE channel = ? AND failure IS NULL",
    )
    .all(channel)
    .map(({ conversation }) => conversation);
}
