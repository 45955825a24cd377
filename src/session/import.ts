/** Takes in conversations from elsewhere: each message once, with its date; what tools gave in them is not trusted. */
import type { Database } from "bun:sqlite";
import { canonicalDigest } from "../lib/canonical-json.ts";
import type { ImportedConversation, ImportedMessage, ImportSource } from "../protocol/imported.ts";
import type { MessagePart } from "../protocol/message.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import { appendMessage, updateMessage } from "./messages.ts";
import { ensureSession, type Sessions } from "./sessions.ts";
import type { Stores } from "./stores.ts";

export interface ImportRequest {
  readonly source: ImportSource;
  readonly agent: string;
  readonly conversations: readonly ImportedConversation[];
  /** Only tells what would happen. */
  readonly dryRun: boolean;
}

export interface ImportOutcome {
  readonly id: string;
  readonly session_key: string;
  /** Whether the session is new. */
  readonly created: boolean;
  /** Messages, by what became of them. */
  readonly imported: number;
  readonly updated: number;
  readonly known: number;
}

export interface ImportDeps {
  readonly stores: Pick<Stores, "durable">;
  readonly sessions: Pick<Sessions, "announceCreated" | "find">;
  readonly bus: Publisher;
}

/** All or nothing. Resolves when it is on disk. Throws `invalid_params` for an agent's name that a key cannot hold. */
export async function importConversations(
  { stores: { durable }, sessions, bus }: ImportDeps,
  { source, agent, conversations, dryRun }: ImportRequest,
): Promise<readonly ImportOutcome[]> {
  const named = conversations.map((conversation) => ({
    conversation,
    key: buildSessionKey({ form: "chat", agent, id: `${source}-${safeName(conversation.id)}` }),
  }));
  if (dryRun) {
    return named.map(({ conversation, key }) => {
      const id = sessions.find(key)?.id;
      const outcome = { created: id === undefined, imported: 0, updated: 0, known: 0 };
      for (const message of conversation.messages) {
        outcome[id === undefined ? "imported" : fateOf(durable.db, id, message).fate]++;
      }
      return { id: conversation.id, session_key: key, ...outcome };
    });
  }
  const outcomes = await durable.write((db) =>
    named.map(({ conversation, key }) => ({
      id: conversation.id,
      session_key: key,
      ...take(db, key, conversation, source),
    })),
  );
  for (const { session_key: key, created, imported, updated } of outcomes) {
    if (created) sessions.announceCreated(key, "owner");
    else if (imported + updated > 0) {
      const { title = null, updatedAt = 0 } = sessions.find(key) ?? {};
      bus.publish("session.updated", { session_key: key, title, updated_at: updatedAt }, { sessionKey: key });
    }
  }
  return outcomes;
}

function take(db: Database, key: string, { title, created_at, messages }: ImportedConversation, source: ImportSource) {
  const { id: sessionId, created } = ensureSession(db, key, "owner", created_at);
  if (created && title !== null && title !== "")
    db.query("UPDATE session SET title = ? WHERE id = ?").run(title, sessionId);
  const counts = { imported: 0, updated: 0, known: 0 };
  for (const message of messages) {
    const { fate, digest, messageId } = fateOf(db, sessionId, message);
    counts[fate]++;
    if (fate === "known") continue;
    const { role, status, model, ts } = message;
    const parts = source === "aleph" ? message.parts : message.parts.map(fromOutside);
    if (messageId !== undefined) updateMessage(db, messageId, { parts, status, model });
    const kept = messageId ?? appendMessage(db, { sessionId, runId: null, role, parts, status, model, ts });
    db.query(
      "INSERT INTO imported VALUES (?, ?, ?, ?) ON CONFLICT (session_id, entry) DO UPDATE SET digest = excluded.digest",
    ).run(sessionId, message.entry, kept, digest);
  }
  return { created, ...counts };
}

function fateOf(db: Database, sessionId: number, message: ImportedMessage) {
  const { role, parts, status } = message;
  const digest = canonicalDigest({ role, parts, status });
  const row = db
    .query<{ message_id: number; digest: string }, [number, string]>(
      "SELECT message_id, digest FROM imported WHERE session_id = ? AND entry = ?",
    )
    .get(sessionId, message.entry);
  if (row === null) return { fate: "imported" as const, digest, messageId: undefined };
  return row.digest === digest
    ? { fate: "known" as const, digest, messageId: row.message_id }
    : { fate: "updated" as const, digest, messageId: row.message_id };
}

/** Web pages, files and mails that tools read elsewhere were not the person's words there either. */
function fromOutside(part: MessagePart): MessagePart {
  return part.type === "tool_result" ? { ...part, untrusted: true } : part;
}

/** As a session key may hold it; the same each time. */
function safeName(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(id)) return id;
  return new Bun.CryptoHasher("sha256").update(id).digest("hex").slice(0, 32);
}
