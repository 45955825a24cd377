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
/** Events in memory; older ones are read from disk. */
const RING_SIZE = 4096;
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
  #ring: Published[] = [];
  #unsaved: Published[] = [];
  #flushTimer: Timer | undefined;
  #seq: number;
  #reserved: number;
  #oldest: number;
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
    this.#reserved = meta("bus_reserved");
    // After a crash events may have been shown that are not on disk: what is older cannot be replayed without a gap.
    this.#seq = stoppedAt > 0 ? stoppedAt : this.#reserved;
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
    return this.#oldest;
  }

  publish<T extends Topic>(topic: T, data: EventData<T>, { sessionKey }: PublishOptions = {}): number {
    const event: EventFrame = { topic, seq: ++this.#seq, ts: this.#now(), data };
    if (this.#started && this.#reserved - this.#seq < RESERVED_AT_ONCE / 2)
      this.#reserve().catch(() => "logged there; the next event tries again");
    const published: Published = { event, sessionKey, frame: frameOf(event) };
    this.#ring.push(published);
    if (this.#ring.length >= RING_SIZE * 2) this.#ring = this.#ring.slice(-RING_SIZE);
    if (topic !== "system.tick" && !(sessionKey && isEphemeral(parseSessionKey(sessionKey)))) this.#save(published);
    for (const subscriber of this.#subscribers) subscriber.deliver(published);
    return event.seq;
  }

  attach(subscriber: Subscriber): Disposable {
    this.#subscribers.add(subscriber);
    return { [Symbol.dispose]: () => void this.#subscribers.delete(subscriber) };
  }

  read(after: number, limit: number): readonly Published[] {
    const first = this.#ring[0]?.event.seq;
    if (after >= this.#seq) return [];
    if (first !== undefined && after + 1 >= first) {
      const from = this.#ring.findIndex((published) => published.event.seq > after);
      return from < 0 ? [] : this.#ring.slice(from, from + limit);
    }
    this.#flush();
    const rows = this.#store.db
      .query<EventRow, [number, number]>("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?")
      .all(Math.max(after, this.#oldest - 1), limit);
    const stored = rows.filter((row) => first === undefined || row.seq < first).map(publishedOf);
    // Nothing on disk between here and the ring (for example ticks only): go on with the ring.
    return stored.length > 0 || first === undefined ? stored : this.#ring.slice(0, limit);
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
      this.#oldest = batch.at(-1)!.event.seq + 1;
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
    setMeta(db, "bus_oldest", this.#oldest);
  }

  async #reserve(): Promise<void> {
    const reserved = this.#seq + RESERVED_AT_ONCE;
    this.#reserved = reserved;
    try {
      await this.#store.write((db) => {
        setMeta(db, "bus_reserved", reserved);
        setMeta(db, "bus_oldest", this.#oldest);
        setMeta(db, "bus_stopped_at", 0);
      });
    } catch (cause) {
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
      setMeta(db, "bus_oldest", this.#oldest);
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
