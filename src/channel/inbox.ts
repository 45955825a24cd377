/** What came over channels, on disk: each message once, with the run that answers it. */
import type { Database } from "bun:sqlite";
import type { Grant } from "../protocol/identity.ts";

/** All that it takes to start the run, should the process end before it has. */
export interface InboxRequest {
  readonly text: string;
  readonly grant: Grant;
  /** Names of files that came with it. */
  readonly files: readonly string[];
}

export interface Received {
  readonly id: number;
  readonly channel: string;
  readonly messageId: string;
  readonly conversation: string;
  readonly sessionKey: string;
  readonly request: InboxRequest | undefined;
  readonly runId: string | undefined;
  readonly shown: readonly string[];
  readonly answered: boolean;
}

/** Longer than any place gives a message again, and than anybody waits for an answer. */
const KEPT_MS = 7 * 24 * 60 * 60_000;

export function findReceived(db: Database, channel: string, messageId: string): Received | undefined {
  const row = db
    .query<Row, [string, string]>("SELECT * FROM channel_inbox WHERE channel = ? AND message_id = ?")
    .get(channel, messageId);
  return row ? receivedOf(row) : undefined;
}

/** Of a place that was away for so long, nobody waits for an answer any more. */
export function forgetOld(db: Database, now: number): void {
  db.query("DELETE FROM channel_inbox WHERE received_at < ?").run(now - KEPT_MS);
}

export function insertReceived(
  db: Database,
  entry: Pick<Received, "channel" | "messageId" | "conversation" | "sessionKey"> & { readonly request: InboxRequest },
  now: number,
): number {
  db.query("DELETE FROM channel_inbox WHERE received_at < ? AND answered = 1").run(now - KEPT_MS);
  const { lastInsertRowid } = db
    .query(
      "INSERT INTO channel_inbox (channel, message_id, conversation, session_key, request, received_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .run(entry.channel, entry.messageId, entry.conversation, entry.sessionKey, JSON.stringify(entry.request), now);
  return Number(lastInsertRowid);
}

export function setRun(db: Database, id: number, runId: string): void {
  db.query("UPDATE channel_inbox SET run_id = ?, request = NULL WHERE id = ?").run(runId, id);
}

/** The place's ids of the messages that show the answer of this run. */
export function setShown(db: Database, id: number, shown: readonly string[]): void {
  db.query("UPDATE channel_inbox SET shown = ? WHERE id = ?").run(JSON.stringify(shown), id);
}

export function setAnswered(db: Database, id: number): void {
  db.query("UPDATE channel_inbox SET answered = 1, request = NULL WHERE id = ?").run(id);
}

/** Whose run has not been answered yet; oldest first. */
export function unanswered(db: Database, channel: string): Received[] {
  return db
    .query<Row, [string]>("SELECT * FROM channel_inbox WHERE channel = ? AND answered = 0 ORDER BY id")
    .all(channel)
    .map(receivedOf);
}

/** Over which channel the latest message came that is not answered in this session. */
export function placeOfSession(db: Database, sessionKey: string): string | undefined {
  const row = db
    .query<{ channel: string }, [string]>(
      "SELECT channel FROM channel_inbox WHERE answered = 0 AND session_key = ? ORDER BY id DESC LIMIT 1",
    )
    .get(sessionKey);
  return row?.channel;
}

/** What waits for the answer of this run: several messages where some came while it ran; oldest first. */
export function waitingFor(db: Database, runId: string): Received[] {
  return db
    .query<Row, [string]>("SELECT * FROM channel_inbox WHERE run_id = ? AND answered = 0 ORDER BY id")
    .all(runId)
    .map(receivedOf);
}

interface Row {
  readonly id: number;
  readonly channel: string;
  readonly message_id: string;
  readonly conversation: string;
  readonly session_key: string;
  readonly request: string | null;
  readonly run_id: string | null;
  readonly shown: string;
  readonly answered: number;
}

function receivedOf(row: Row): Received {
  return {
    id: row.id,
    channel: row.channel,
    messageId: row.message_id,
    conversation: row.conversation,
    sessionKey: row.session_key,
    request: row.request === null ? undefined : JSON.parse(row.request),
    runId: row.run_id ?? undefined,
    shown: JSON.parse(row.shown),
    answered: row.answered === 1,
  };
}
