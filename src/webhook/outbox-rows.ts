/** What is to go out to webhooks, as rows: in order for each, kept until taken, and when it never will be, for people to see. */
import type { Database } from "bun:sqlite";

export interface OutgoingRow {
  readonly id: number;
  readonly hook: string;
  /** The same at each attempt. */
  readonly delivery: string;
  readonly topic: string;
  readonly body: string;
  readonly attempts: number;
  readonly next_at: number;
  /** Why the last attempt failed. */
  readonly failure: string | null;
  readonly dead: number;
  readonly created_at: number;
}

export function insertEvent(
  db: Database,
  row: Pick<OutgoingRow, "hook" | "delivery" | "topic" | "body" | "created_at">,
): void {
  db.query(
    "INSERT INTO webhook_outbox (hook, delivery, topic, body, next_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
  ).run(row.hook, row.delivery, row.topic, row.body, row.created_at);
}

export function nextEvent(db: Database, hook: string): OutgoingRow | undefined {
  return (
    db
      .query<OutgoingRow, [string]>("SELECT * FROM webhook_outbox WHERE hook = ? AND dead = 0 ORDER BY id LIMIT 1")
      .get(hook) ?? undefined
  );
}

export function deleteEvent(db: Database, id: number): void {
  db.query("DELETE FROM webhook_outbox WHERE id = ?").run(id);
}

export function postponeEvent(db: Database, id: number, failure: string, nextAt: number): void {
  db.query("UPDATE webhook_outbox SET attempts = attempts + 1, failure = ?, next_at = ? WHERE id = ?").run(
    failure,
    nextAt,
    id,
  );
}

/** Of each webhook the newest `keep` dead ones stay. */
export function buryEvent(db: Database, { id, hook }: OutgoingRow, failure: string, keep: number): void {
  db.query("UPDATE webhook_outbox SET attempts = attempts + 1, failure = ?, dead = 1 WHERE id = ?").run(failure, id);
  db.query(
    `DELETE FROM webhook_outbox WHERE hook = ?1 AND dead = 1 AND id NOT IN
       (SELECT id FROM webhook_outbox WHERE hook = ?1 AND dead = 1 ORDER BY id DESC LIMIT ?2)`,
  ).run(hook, keep);
}

/** How many are tried again. */
export function reviveEvents(db: Database, hook: string, now: number): number {
  return db
    .query("UPDATE webhook_outbox SET dead = 0, attempts = 0, next_at = ? WHERE hook = ? AND dead = 1")
    .run(now, hook).changes;
}

export function forgetEvents(db: Database, before: number): void {
  db.query("DELETE FROM webhook_outbox WHERE created_at < ?").run(before);
}

export function countEvents(db: Database, hook: string): { readonly waiting: number; readonly dead: number } {
  return (
    db
      .query<{ waiting: number; dead: number }, [string]>(
        "SELECT count(*) FILTER (WHERE dead = 0) AS waiting, count(*) FILTER (WHERE dead = 1) AS dead FROM webhook_outbox WHERE hook = ?",
      )
      .get(hook) ?? { waiting: 0, dead: 0 }
  );
}

/** The newest first. */
export function deadEvents(db: Database, hook: string, limit: number): readonly OutgoingRow[] {
  return db
    .query<OutgoingRow, [string, number]>(
      "SELECT * FROM webhook_outbox WHERE hook = ? AND dead = 1 ORDER BY id DESC LIMIT ?",
    )
    .all(hook, limit);
}

export function hooksWithEvents(db: Database): readonly string[] {
  return db
    .query<{ hook: string }, []>("SELECT DISTINCT hook FROM webhook_outbox WHERE dead = 0")
    .all()
    .map(({ hook }) => hook);
}
