/** The rows of the audit as they are in the database. */
import type { Database } from "bun:sqlite";
import { type ChainedRow, GENESIS, type Link } from "./chain.ts";

/** In their order. */
export function rowsAfter(db: Database, seq: number, end: number, limit: number): readonly ChainedRow[] {
  return db
    .query<ChainedRow, [number, number, number]>(
      `SELECT seq, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac FROM audit
       WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    )
    .all(seq, end, limit);
}

/** The newest row, as its own code says; nothing in an empty table. */
export function readHead(db: Database): Link | undefined {
  const head = db.query<{ seq: number }, []>("SELECT seq FROM audit_head").get();
  if (!head) return undefined;
  const row = db.query<{ mac: string }, [number]>("SELECT mac FROM audit WHERE seq = ?").get(head.seq);
  return { seq: head.seq, mac: row?.mac ?? GENESIS };
}
