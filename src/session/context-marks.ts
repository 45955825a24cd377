/** Where the model's context of a session begins: behind what was cleared, or behind what a summary stands for. */
import type { Database } from "bun:sqlite";

export interface ContextMark {
  readonly id: number;
  readonly kind: "clear" | "compaction";
  /** Messages up to this position are not given to the model any more. */
  readonly upto: number;
  /** Long results of tools up to this position are named by a handle instead of shown. */
  readonly dropped: number;
  /** Of what no stranger can have written. */
  readonly summary: string;
  /** Of all, where a stranger may have written something of it. */
  readonly outside: string | null;
  readonly model: string | null;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly createdAt: number;
}

export type NewMark = Omit<ContextMark, "id">;

/** What is in force: the newest. */
export function latestMark(db: Database, sessionId: number): ContextMark | undefined {
  const row = db
    .query<MarkRow, [number]>("SELECT * FROM context_mark WHERE session_id = ? ORDER BY id DESC LIMIT 1")
    .get(sessionId);
  return row ? markOf(row) : undefined;
}

/** The place of the last message that `session.clear` took from the model, as it is now. */
export function clearedAt(db: Database, sessionId: number): number {
  const row = db.query<{ cleared_at: number }, [number]>("SELECT cleared_at FROM session WHERE id = ?").get(sessionId);
  return row?.cleared_at ?? 0;
}

export function insertMark(db: Database, sessionId: number, mark: NewMark): number {
  const { lastInsertRowid } = db
    .query(
      `INSERT INTO context_mark
         (session_id, kind, upto, dropped, summary, outside, model, tokens_before, tokens_after, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      sessionId,
      mark.kind,
      mark.upto,
      mark.dropped,
      mark.summary,
      mark.outside,
      mark.model,
      Math.round(mark.tokensBefore),
      Math.round(mark.tokensAfter),
      mark.createdAt,
    );
  return Number(lastInsertRowid);
}

export function deleteMark(db: Database, id: number): void {
  db.query("DELETE FROM context_mark WHERE id = ?").run(id);
}

/** Takes the marks over that tell of nothing behind `position`. */
export function copyMarks(db: Database, from: number, to: number, position: number): void {
  db.query(
    `INSERT INTO context_mark
       (session_id, kind, upto, dropped, summary, outside, model, tokens_before, tokens_after, created_at)
     SELECT ?2, kind, upto, dropped, summary, outside, model, tokens_before, tokens_after, created_at
     FROM context_mark WHERE session_id = ?1 AND max(upto, dropped) <= ?3 ORDER BY id`,
  ).run(from, to, position);
  clearAtLast(db, to);
}

/** Forgets the marks that tell of something behind `position`. */
export function dropMarks(db: Database, sessionId: number, position: number): void {
  db.query("DELETE FROM context_mark WHERE session_id = ? AND max(upto, dropped) > ?").run(sessionId, position);
  clearAtLast(db, sessionId);
}

function clearAtLast(db: Database, sessionId: number): void {
  db.query(
    `UPDATE session SET cleared_at =
       (SELECT coalesce(max(upto), 0) FROM context_mark WHERE session_id = ?1 AND kind = 'clear') WHERE id = ?1`,
  ).run(sessionId);
}

interface MarkRow {
  readonly id: number;
  readonly kind: "clear" | "compaction";
  readonly upto: number;
  readonly dropped: number;
  readonly summary: string;
  readonly outside: string | null;
  readonly model: string | null;
  readonly tokens_before: number;
  readonly tokens_after: number;
  readonly created_at: number;
}

function markOf({ tokens_before, tokens_after, created_at, ...row }: MarkRow): ContextMark {
  const { id, kind, upto, dropped, summary, outside, model } = row;
  return {
    id,
    kind,
    upto,
    dropped,
    summary,
    outside,
    model,
    tokensBefore: tokens_before,
    tokensAfter: tokens_after,
    createdAt: created_at,
  };
}
