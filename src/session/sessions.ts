/** Sessions: one conversation each, found by its key. */
import type { Database } from "bun:sqlite";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { ThinkingLevel } from "../protocol/message.ts";
import { agentOf, canonicalSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import type { Stores } from "./stores.ts";
import { mediaOf } from "./unused-media.ts";

export const SESSION_KINDS = ["owner", "guest", "paired"] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** Tools that this session may use; what the agent's own config denies stays denied. */
export interface SessionTools {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}

export interface Session {
  readonly id: number;
  readonly key: string;
  readonly kind: SessionKind;
  readonly agent: string;
  readonly title: string | null;
  readonly model: string | null;
  readonly thinking: ThinkingLevel | null;
  readonly tools: SessionTools | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly clearedAt: number;
}

/** Absent keys stay; `null` goes back to the agent's own setting. */
export interface SessionPatch {
  readonly title?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly thinking?: ThinkingLevel | null | undefined;
  readonly tools?: SessionTools | null | undefined;
}

export interface SessionsOptions {
  readonly stores: Stores;
  readonly bus: Publisher;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Hears of the files that a deleted session mentioned. */
  readonly unused?: { remove(sessionKey: string, mediaIds: readonly string[]): void };
}

export class Sessions {
  readonly #stores: Stores;
  readonly #bus: Publisher;
  readonly #now: () => number;
  readonly #unused: SessionsOptions["unused"];

  constructor({ stores, bus, now, unused }: SessionsOptions) {
    this.#stores = stores;
    this.#bus = bus;
    this.#now = now;
    this.#unused = unused;
  }

  find(key: string): Session | undefined {
    const canonical = canonicalSessionKey(key);
    const row = this.#stores
      .of(canonical)
      .db.query<SessionRow, [string]>("SELECT * FROM session WHERE key = ?")
      .get(canonical);
    return row ? sessionOf(row) : undefined;
  }

  /** Throws `not_found`. */
  get(key: string): Session {
    const session = this.find(key);
    if (!session)
      throw new AlephError("not_found", `No session "${key}"`, {
        data: { hint: "session.list shows those that exist" },
      });
    return session;
  }

  /** Newest first, those before the place of `before`. `filter` keeps keys and titles that contain it, letter case ignored. */
  list({ filter = "", limit, before }: { filter?: string; limit: number; before?: Place }): readonly Session[] {
    const wanted = folded(filter);
    // The database knows the two cases of no letter but those of ASCII: of others it finds all, and they are looked at here.
    const like = isAscii(filter) ? `%${filter.replace(/[\\%_]/g, "\\$&")}%` : "%";
    const fits = ({ key, title }: SessionRow) => [key, title ?? ""].some((text) => folded(text).includes(wanted));
    const { updatedAt, key } = before ?? { updatedAt: Number.MAX_SAFE_INTEGER, key: "" };
    const newestOf = ({ db }: Store) => {
      const found: SessionRow[] = [];
      const rows = db
        .query<SessionRow, [number, string, string]>(
          `SELECT * FROM session WHERE (updated_at < ?1 OR (updated_at = ?1 AND key < ?2))
             AND (key LIKE ?3 ESCAPE '\\' OR title LIKE ?3 ESCAPE '\\')
           ORDER BY updated_at DESC, key DESC`,
        )
        .iterate(updatedAt, key, like);
      for (const row of rows) {
        if (fits(row)) found.push(row);
        if (found.length >= limit) break;
      }
      return found;
    };
    return this.#stores
      .all()
      .flatMap(newestOf)
      .map(sessionOf)
      .toSorted((a, b) => b.updatedAt - a.updatedAt || (a.key < b.key ? 1 : -1))
      .slice(0, limit);
  }

  /** Throws `conflict` when there is one with this key. */
  async create(key: string, kind: SessionKind, patch: SessionPatch = {}): Promise<Session> {
    const canonical = canonicalSessionKey(key);
    await this.#stores.of(canonical).write((db) => {
      if (findRow(db, canonical)) throw new AlephError("conflict", `Session "${canonical}" exists already`);
      ensureSession(db, canonical, kind, this.#now());
      patchRow(db, canonical, patch);
    });
    this.announceCreated(canonical, kind);
    return this.get(canonical);
  }

  announceCreated(key: string, kind: SessionKind): void {
    this.#bus.publish("session.created", { session_key: key, kind }, { sessionKey: key });
  }

  async patch(key: string, patch: SessionPatch): Promise<Session> {
    const { key: canonical } = this.get(key);
    await this.#stores.of(canonical).write((db) => patchRow(db, canonical, patch));
    const session = this.get(canonical);
    this.#bus.publish(
      "session.updated",
      { session_key: canonical, title: session.title, updated_at: session.updatedAt },
      { sessionKey: canonical },
    );
    return session;
  }

  /** The model begins anew; the history stays readable. */
  async clear(key: string): Promise<void> {
    const session = this.get(key);
    await this.#stores.of(session.key).write((db) => {
      db.query(
        "UPDATE session SET cleared_at = (SELECT coalesce(max(position), 0) FROM message WHERE session_id = ?1) WHERE id = ?1",
      ).run(session.id);
      db.query(
        "INSERT INTO context_mark (session_id, kind, upto, created_at) SELECT id, 'clear', cleared_at, ? FROM session WHERE id = ?",
      ).run(this.#now(), session.id);
      db.query("DELETE FROM session_state WHERE session_id = ?").run(session.id);
    });
    this.#bus.publish("session.cleared", { session_key: session.key }, { sessionKey: session.key });
  }

  /** With its history, runs and kept events, what was made in it, and the files that nothing else mentions. */
  async delete(key: string): Promise<void> {
    const session = this.get(key);
    let mediaIds: readonly string[] = [];
    await this.#stores.of(session.key).write((db) => {
      mediaIds = mediaOf(db, session);
      db.query("DELETE FROM session WHERE id = ?").run(session.id);
      db.query("DELETE FROM event WHERE session_key = ?").run(session.key);
      db.query("DELETE FROM generation WHERE session_key = ? AND status IN ('done', 'failed')").run(session.key);
    });
    this.#unused?.remove(session.key, mediaIds);
    this.#bus.publish("session.deleted", { session_key: session.key }, { sessionKey: session.key });
  }
}

/** What a session is that a message of this grant begins: guests have their own, and a chat's is bound to its people. */
export function kindOf(key: string, { guest }: Pick<Grant, "guest">): SessionKind {
  if (guest) return "guest";
  const { form } = parseSessionKey(key);
  return form === "direct" || form === "group" ? "paired" : "owner";
}

/** The row of the session, made if it is missing; for use inside a transaction. `created` tells which. */
export function ensureSession(
  db: Database,
  key: string,
  kind: SessionKind,
  now: number,
): { readonly id: number; readonly created: boolean } {
  const existing = findRow(db, key);
  if (existing) return { id: existing.id, created: false };
  const agent = agentOf(parseSessionKey(key));
  const { lastInsertRowid } = db
    .query("INSERT INTO session (key, kind, agent, created_at, updated_at) VALUES (?, ?, ?, ?, ?)")
    .run(key, kind, agent, now, now);
  return { id: Number(lastInsertRowid), created: true };
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function findRow(db: Database, key: string): { id: number } | null {
  return db.query<{ id: number }, [string]>("SELECT id FROM session WHERE key = ?").get(key);
}

function patchRow(db: Database, key: string, { title, model, thinking, tools }: SessionPatch): void {
  if (title !== undefined) db.query("UPDATE session SET title = ? WHERE key = ?").run(title, key);
  if (model !== undefined) db.query("UPDATE session SET model = ? WHERE key = ?").run(model, key);
  if (thinking !== undefined) db.query("UPDATE session SET thinking = ? WHERE key = ?").run(thinking, key);
  if (tools !== undefined) {
    db.query("UPDATE session SET tools = ? WHERE key = ?").run(tools === null ? null : JSON.stringify(tools), key);
  }
}

/** Where a session stands in the list: several may have been used in the same millisecond. */
export type Place = Pick<Session, "updatedAt" | "key">;

interface SessionRow {
  readonly id: number;
  readonly key: string;
  readonly kind: SessionKind;
  readonly agent: string;
  readonly title: string | null;
  readonly model: string | null;
  readonly thinking: ThinkingLevel | null;
  readonly tools: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly cleared_at: number;
}

function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    key: row.key,
    kind: row.kind,
    agent: row.agent,
    title: row.title,
    model: row.model,
    thinking: row.thinking,
    tools: row.tools === null ? null : (JSON.parse(row.tools) as SessionTools),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    clearedAt: row.cleared_at,
  };
}
