/** Long results of tools, as state of their sessions: of an ephemeral one nothing reaches the disk. */
import type { Database } from "bun:sqlite";
import { createId } from "../lib/id.ts";
import type { MessagePart } from "../protocol/message.ts";
import { canonicalSessionKey } from "../protocol/session-key.ts";
import type { KeptResult, KeptResults } from "../sdk/kept-results.ts";
import { ensureSession } from "./sessions.ts";
import type { Stores } from "./stores.ts";

export interface KeptResultsOptions {
  readonly stores: Stores;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Characters of one result, and results and characters of one session. */
  readonly maxText?: number;
  readonly maxResults?: number;
  readonly maxTotal?: number;
}

const PREFIX = "result:";
const OF_MESSAGE = /^message_(\d{1,15})$/;

/** Under which the result that a message holds can be read, however old it is. */
export function handleOf(messageId: string): string {
  return `message_${messageId}`;
}

export function createKeptResults(options: KeptResultsOptions): KeptResults {
  const { stores, now, maxText = 4_000_000, maxResults = 32, maxTotal = 16_000_000 } = options;
  return {
    async keep(sessionKey, result) {
      const key = canonicalSessionKey(sessionKey);
      const handle = createId("result");
      const text = result.text.slice(0, maxText).toWellFormed();
      await stores.of(key).write((db) => {
        const { id } = ensureSession(db, key, "owner", now());
        drop(db, id, { results: maxResults - 1, total: maxTotal - text.length });
        const value = JSON.stringify({ ...result, text, kept_at: now() });
        db.query("INSERT INTO session_state VALUES (?, ?, ?)").run(id, PREFIX + handle, value);
      });
      return handle;
    },
    find(sessionKey, handle) {
      const key = canonicalSessionKey(sessionKey);
      const messageId = OF_MESSAGE.exec(handle)?.[1];
      if (messageId !== undefined) return resultOf(stores.of(key).db, key, Number(messageId));
      const row = stores
        .of(key)
        .db.query<{ value: string }, [string, string]>(
          "SELECT value FROM session_state JOIN session ON session.id = session_id WHERE session.key = ? AND name = ?",
        )
        .get(key, PREFIX + handle);
      if (!row) return undefined;
      const { tool, text, untrusted } = JSON.parse(row.value) as KeptResult;
      return { tool, text, ...(untrusted ? { untrusted } : {}) };
    },
  };
}

function resultOf(db: Database, key: string, messageId: number): KeptResult | undefined {
  const row = db
    .query<{ parts: string }, [string, number]>(
      `SELECT parts FROM message JOIN session ON session.id = session_id
       WHERE session.key = ? AND message.id = ? AND role = 'tool'`,
    )
    .get(key, messageId);
  const parts = row ? (JSON.parse(row.parts) as MessagePart[]) : [];
  const result = parts.find((part) => part.type === "tool_result");
  if (!result) return undefined;
  const { tool, text, untrusted } = result;
  return { tool, text, ...(untrusted ? { untrusted } : {}) };
}

/** Drops the oldest until at most so many are left. */
function drop(db: Database, sessionId: number, room: { readonly results: number; readonly total: number }): void {
  const kept = db
    .query<{ name: string; size: number }, [number, string]>(
      `SELECT name, length(value) AS size FROM session_state WHERE session_id = ? AND name LIKE ? || '%'
       ORDER BY json_extract(value, '$.kept_at') DESC, name DESC`,
    )
    .all(sessionId, PREFIX);
  let { results, total } = room;
  for (const { name, size } of kept) {
    results--;
    total -= size;
    if (results >= 0 && total >= 0) continue;
    db.query("DELETE FROM session_state WHERE session_id = ? AND name = ?").run(sessionId, name);
  }
}
