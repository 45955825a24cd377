/**
 * The event bus: numbers each event, hands it to subscribers, keeps the newest in memory and the rest on disk for replay.
 *
 * Numbers never repeat: blocks of them are reserved on disk ahead of use, so that a start after a crash begins behind
 * everything that could have been handed out.
 */
import { describeError, type Log } from "../lib/log.ts";
import { type EventData, type EventFrame, frameOf, type Topic } from "../protocol/event-frame.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Bus, Published, PublishOptions, Subscriber } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";

const RESERVED_AT_ONCE = 65_536;
/** Events until a reservation that failed is tried again. */
const RESERVE_AGAIN_AFTER = 1024;
/** Events in memory, by number and by size; older ones are read from disk. */
const RING_SIZE = 4096;
const RING_BYTES = 8 * 1024 * 1024;
/** Size of what is read from disk at a time. */
const PAGE_BYTES = 256 * 1024;
/** Events on disk; older ones are gone. */
const KEPT = 50_000;
const FLUSH_AFTER_MS = 250;
const FLUSH_AT = 512;

export interface OpenBus extends Bus, AsyncDisposable {
  /** Resolves when numbers are reserved on disk: nobody may be shown an event before. To be called once, first. */
  start(): Promise<void>;
  /** Kept events of one run after `after`, in order, at most `limit`. */
  ofRun(runId: string, after: number, limit: number): readonly EventFrame[];
}

export interface BusOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
}

export function openBus(options: BusOptions): OpenBus {
  return new StoredBus(options);
}

class StoredBus implements OpenBus {
  readonly #store: Store;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #subscribers = new Set<Subscriber>();
  /** The newest events, without a gap between their numbers. */
  #ring: Published[] = [];
  #ringBytes = 0;
  #unsaved: Published[] = [];
  #flushTimer: Timer | undefined;
  #seq: number;
  /** The number at which more of them are reserved. */
  #reserveAt = Number.POSITIVE_INFINITY;
  /** What is older is gone from disk. */
  #oldest: number;
  /** The newest event that could not be kept: up to here only memory has all. */
  #unkept = 0;
  #sincePruned = 0;
  #started: Promise<void> | undefined;

  constructor({ store, log, now }: BusOptions) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    const meta = (name: string) =>
      Number(
        store.db.query<{ value: string }, [string]>("SELECT value FROM meta WHERE name = ?").get(name)?.value ?? 0,
      );
    const stoppedAt = meta("bus_stopped_at");
    // After a crash events may have been shown that are not on disk: what is older cannot be replayed without a gap.
    this.#seq = stoppedAt > 0 ? stoppedAt : meta("bus_reserved");
    this.#oldest = stoppedAt > 0 ? Math.max(1, meta("bus_oldest")) : this.#seq + 1;
  }

  start(): Promise<void> {
    this.#started ??= this.#reserve();
    return this.#started;
  }

  get seq(): number {
    return this.#seq;
  }

  get oldestSeq(): number {
    if (this.#unkept < this.#oldest) return this.#oldest;
    const first = this.#ring[0]?.event.seq ?? Number.POSITIVE_INFINITY;
    return Math.max(this.#oldest, Math.min(first, this.#unkept + 1));
  }

  get oldestInMemory(): number {
    return this.#ring[0]?.event.seq ?? this.#seq + 1;
  }

  publish<T extends Topic>(topic: T, data: EventData<T>, { sessionKey }: PublishOptions = {}): number {
    const event: EventFrame = { topic, seq: ++this.#seq, ts: this.#now(), data };
    if (event.seq >= this.#reserveAt) this.#reserve().catch(() => "logged there; a later event tries again");
    const published: Published = { event, sessionKey, frame: frameOf(event) };
    this.#remember(published);
    if (topic === "session.deleted") this.#forget(sessionKey);
    if (topic !== "system.tick" && !(sessionKey && isEphemeral(parseSessionKey(sessionKey)))) this.#save(published);
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.deliver(published);
      } catch (thrown) {
        this.#log.error("a subscriber failed", { topic, ...describeError(thrown) });
      }
    }
    return event.seq;
  }

  attach(subscriber: Subscriber): Disposable {
    this.#subscribers.add(subscriber);
    return { [Symbol.dispose]: () => void this.#subscribers.delete(subscriber) };
  }

  read(after: number, limit: number): readonly Published[] {
    if (after >= this.#seq) return [];
    const first = this.#ring[0]?.event.seq ?? Number.POSITIVE_INFINITY;
    if (after + 1 >= first) {
      const from = after + 1 - first;
      return this.#ring.slice(from, from + limit);
    }
    this.#flush();
    const rows = this.#store.db
      .query<EventRow, [number, number]>("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?")
      .iterate(Math.max(after, this.oldestSeq - 1), limit);
    const page: Published[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (row.seq >= first || bytes > PAGE_BYTES) break;
      page.push(publishedOf(row));
      bytes += row.data.length;
    }
    // Nothing on disk between here and the ring (for example ticks only): go on with the ring.
    return page.length > 0 ? page : this.#ring.slice(0, limit);
  }

  ofRun(runId: string, after: number, limit: number): readonly EventFrame[] {
    this.#flush();
    return this.#store.db
      .query<EventRow, [string, number, number]>(
        "SELECT * FROM event WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
      )
      .all(runId, after, limit)
      .map((row) => publishedOf(row).event);
  }

  #remember(published: Published): void {
    this.#ring.push(published);
    this.#ringBytes += published.frame.length;
    if (this.#ring.length < RING_SIZE * 2 && this.#ringBytes < RING_BYTES * 2) return;
    let from = this.#ring.length;
    let bytes = 0;
    while (from > 0 && this.#ring.length - from < RING_SIZE && bytes < RING_BYTES) {
      bytes += this.#ring[--from]!.frame.length;
    }
    this.#ring = this.#ring.slice(from);
    this.#ringBytes = bytes;
  }

  /** Of a session whose rows are deleted nothing may come to disk after that but that it is. */
  #forget(sessionKey: string | undefined): void {
    this.#unsaved = this.#unsaved.filter(
      (each) => each.sessionKey !== sessionKey || each.event.topic === "session.deleted",
    );
  }

  #save(published: Published): void {
    this.#unsaved.push(published);
    if (this.#unsaved.length >= FLUSH_AT) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const batch = this.#unsaved;
    if (batch.length === 0) return;
    this.#unsaved = [];
    try {
      this.#store.writeRelaxed((db) => {
        const insert = db.query(
          "INSERT INTO event (seq, ts, topic, session_key, run_id, data) VALUES (?, ?, ?, ?, ?, ?)",
        );
        for (const { event, sessionKey } of batch) {
          const runId = "run_id" in event.data ? event.data.run_id : null;
          insert.run(event.seq, event.ts, event.topic, sessionKey ?? null, runId ?? null, JSON.stringify(event.data));
        }
        this.#prune(db, batch.length);
      });
    } catch (cause) {
      // Replay is a convenience: live delivery goes on, and a client that asks for these is told that they are gone.
      this.#unkept = batch.at(-1)!.event.seq;
      this.#log.warn("events could not be kept for replay", { count: batch.length, ...describeError(cause) });
    }
  }

  #prune(db: Store["db"], added: number): void {
    this.#sincePruned += added;
    if (this.#sincePruned < KEPT / 10) return;
    this.#sincePruned = 0;
    const oldest = db
      .query<{ seq: number }, [number]>("SELECT seq FROM event ORDER BY seq DESC LIMIT 1 OFFSET ?")
      .get(KEPT);
    if (!oldest) return;
    db.query("DELETE FROM event WHERE seq <= ?").run(oldest.seq);
    this.#oldest = Math.max(this.#oldest, oldest.seq + 1);
    setMeta(db, "bus_oldest", this.#oldestOnDisk);
  }

  get #oldestOnDisk(): number {
    return Math.max(this.#oldest, this.#unkept + 1);
  }

  async #reserve(): Promise<void> {
    const reserved = this.#seq + RESERVED_AT_ONCE;
    this.#reserveAt = Number.POSITIVE_INFINITY;
    try {
      await this.#store.write((db) => {
        setMeta(db, "bus_reserved", reserved);
        setMeta(db, "bus_oldest", this.#oldestOnDisk);
        setMeta(db, "bus_stopped_at", 0);
      });
      this.#reserveAt = reserved - RESERVED_AT_ONCE / 2;
    } catch (cause) {
      this.#reserveAt = this.#seq + RESERVE_AGAIN_AFTER;
      this.#log.error("event numbers could not be reserved", describeError(cause));
      throw cause;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#started) return;
    await this.#started.catch(() => "already logged by #reserve");
    this.#flush();
    await this.#store.write((db) => {
      setMeta(db, "bus_stopped_at", this.#seq);
      setMeta(db, "bus_oldest", this.#oldestOnDisk);
    });
  }
}

interface EventRow {
  readonly seq: number;
  readonly ts: number;
  readonly topic: Topic;
  readonly session_key: string | null;
  readonly data: string;
}

function publishedOf(row: EventRow): Published {
  const event: EventFrame = { topic: row.topic, seq: row.seq, ts: row.ts, data: JSON.parse(row.data) as EventData };
  return { event, sessionKey: row.session_key ?? undefined, frame: frameOf(event) };
}

function setMeta(db: Store["db"], name: string, value: number): void {
  db.query("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(
    name,
    String(value),
  );
}
