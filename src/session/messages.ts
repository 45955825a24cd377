/** The messages of sessions: appended, completed and read in pages. Writers run inside a transaction of the caller. */
import type { Database } from "bun:sqlite";
import type { Message, MessagePart, MessageRole, MessageStatus } from "../protocol/message.ts";

export interface NewMessage {
  readonly sessionId: number;
  readonly runId: string | null;
  readonly role: MessageRole;
  readonly parts: readonly MessagePart[];
  readonly status: MessageStatus;
  readonly model?: string | null;
  readonly ts: number;
}

/** A message with its place: greater comes later, and equal places go by id. */
export interface PlacedMessage extends Message {
  readonly position: number;
}

/** Appends the message to its session; returns its id. The session's first user message becomes its title. */
export function appendMessage(db: Database, message: NewMessage): number {
  const content = plainText(message.parts);
  const { lastInsertRowid } = db
    .query(
      "INSERT INTO message (session_id, run_id, role, content, parts, status, model, ts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .run(
      message.sessionId,
      message.runId,
      message.role,
      content,
      JSON.stringify(message.parts),
      message.status,
      message.model ?? null,
      message.ts,
    );
  const id = Number(lastInsertRowid);
  // Behind one that waited and was put at the end, too: no two messages of a session have the same place.
  db.query(
    `UPDATE message SET position = max(id, 1 + (SELECT max(m.position) FROM message m WHERE m.session_id = message.session_id))
     WHERE id = ?`,
  ).run(id);
  const title = message.role === "user" ? titleOf(content) : null;
  db.query("UPDATE session SET updated_at = max(updated_at + 1, ?), title = coalesce(title, ?) WHERE id = ?").run(
    message.ts,
    title,
    message.sessionId,
  );
  return id;
}

export function updateMessage(
  db: Database,
  id: number,
  { parts, status, model }: { parts: readonly MessagePart[]; status: MessageStatus; model?: string | null },
): void {
  db.query("UPDATE message SET content = ?, parts = ?, status = ?, model = coalesce(?, model) WHERE id = ?").run(
    plainText(parts),
    JSON.stringify(parts),
    status,
    model ?? null,
    id,
  );
}

export function deleteMessage(db: Database, id: number): void {
  db.query("DELETE FROM message WHERE id = ?").run(id);
}

/** Puts a message that waited behind everything that came in the meantime. */
export function moveToEnd(db: Database, id: number): void {
  db.query(
    `UPDATE message SET position = (SELECT max(m.position) + 1 FROM message m WHERE m.session_id = message.session_id)
     WHERE id = ?1 AND EXISTS (
       SELECT 1 FROM message m WHERE m.session_id = message.session_id AND (m.position, m.id) > (message.position, message.id))`,
  ).run(id);
}

/** A page of history, oldest first: the newest `limit` messages before the message `before`, or the newest of all. */
export function readHistory(
  db: Database,
  sessionId: number,
  { limit, before }: { limit: number; before?: string | undefined },
): { readonly messages: readonly PlacedMessage[]; readonly next: string | undefined } {
  const cursor = before === undefined ? null : placeOf(db, sessionId, before);
  const rows = cursor
    ? db
        .query<MessageRow, [number, number, number, number]>(
          "SELECT * FROM message WHERE session_id = ? AND (position, id) < (?, ?) ORDER BY position DESC, id DESC LIMIT ?",
        )
        .all(sessionId, cursor.position, cursor.id, limit + 1)
    : db
        .query<MessageRow, [number, number]>(
          "SELECT * FROM message WHERE session_id = ? ORDER BY position DESC, id DESC LIMIT ?",
        )
        .all(sessionId, limit + 1);
  const page = rows.slice(0, limit).map(messageOf).reverse();
  return { messages: page, next: rows.length > limit ? page[0]?.id : undefined };
}

/** All messages of one run, in order. */
export function readRunMessages(db: Database, runId: string): readonly PlacedMessage[] {
  return db
    .query<MessageRow, [string]>("SELECT * FROM message WHERE run_id = ? ORDER BY position, id")
    .all(runId)
    .map(messageOf);
}

/** What the person wanted of the turn that this message is in: of its run, or if that is not known, what was said last before. */
export function readInstructions(
  db: Database,
  sessionId: number,
  { run_id, position, id }: Pick<PlacedMessage, "run_id" | "position" | "id">,
): readonly PlacedMessage[] {
  const isBefore = (message: PlacedMessage) =>
    message.position < position || (message.position === position && Number(message.id) < Number(id));
  const ofRun = run_id === null ? [] : readRunMessages(db, run_id);
  const wanted = ofRun.filter((message) => message.role === "user" && isBefore(message));
  if (wanted.length > 0) return wanted;
  return db
    .query<MessageRow, [number, number, number]>(
      `SELECT * FROM message WHERE session_id = ? AND role = 'user' AND (position, id) < (?, ?)
       ORDER BY position DESC, id DESC LIMIT 1`,
    )
    .all(sessionId, position, Number(id))
    .map(messageOf);
}

export function countMessages(db: Database, sessionId: number): number {
  return db
    .query<{ count: number }, [number]>("SELECT count(*) AS count FROM message WHERE session_id = ?")
    .get(sessionId)!.count;
}

/** What a person reads: the text parts, or of a tool's message its results. */
export function plainText(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === "text" || part.type === "tool_result" ? [part.text] : [])).join("\n");
}

function titleOf(content: string): string | null {
  const line = content.trim().split("\n", 1)[0]!.trim();
  const characters = [...line];
  return line === "" ? null : characters.length > 60 ? `${characters.slice(0, 59).join("").trimEnd()}…` : line;
}

function placeOf(db: Database, sessionId: number, id: string): { position: number; id: number } {
  const row = db
    .query<{ position: number; id: number }, [number, number]>(
      "SELECT position, id FROM message WHERE session_id = ? AND id = ?",
    )
    .get(sessionId, Number(id) || 0);
  // A message that is gone (deleted meanwhile): its id still says where it would have stood.
  return row ?? { position: Number(id) || 0, id: Number(id) || 0 };
}

interface MessageRow {
  readonly id: number;
  readonly run_id: string | null;
  readonly position: number;
  readonly role: MessageRole;
  readonly content: string;
  readonly parts: string;
  readonly status: MessageStatus;
  readonly model: string | null;
  readonly ts: number;
}

function messageOf(row: MessageRow): PlacedMessage {
  return {
    id: String(row.id),
    role: row.role,
    content: row.content,
    parts: JSON.parse(row.parts) as MessagePart[],
    run_id: row.run_id,
    status: row.status,
    ts: row.ts,
    model: row.model,
    position: row.position,
  };
}
