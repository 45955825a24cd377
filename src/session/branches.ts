/** A session taken apart: a copy up to a message, and going back to one, with what came behind it kept in a session of its own. */
import type { Database } from "bun:sqlite";
import { createId } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import { agentOf, buildSessionKey, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import { copyMarks, dropMarks } from "./context-marks.ts";
import { ensureSession, type Session, type Sessions } from "./sessions.ts";
import type { Stores } from "./stores.ts";

export interface BranchesOptions {
  readonly sessions: Pick<Sessions, "get" | "announceCreated">;
  readonly stores: Stores;
  /** What runs in a session and what waits. */
  readonly load: { of(sessionKey: string): { readonly active: string | null; readonly queued: readonly string[] } };
  readonly bus: Publisher;
  readonly now: () => number;
}

/** Where a session is cut: before a message, or behind it; left out, at its end. */
export interface Cut {
  readonly before?: string | undefined;
  readonly at?: string | undefined;
}

export interface Rewound {
  /** Where the messages are that came behind; null when there were none. */
  readonly branchKey: string | null;
  readonly moved: number;
}

export class Branches {
  readonly #o: BranchesOptions;

  constructor(options: BranchesOptions) {
    this.#o = options;
  }

  /** The key of the copy. Throws `not_found`, and `conflict` where a call would be parted from its result. */
  async fork(sessionKey: string, cut: Cut, title?: string): Promise<Session> {
    const { sessions, stores } = this.#o;
    const from = this.#own(sessionKey);
    const key = newKey(from);
    await stores.of(from.key).write((db) => {
      const position = positionOf(db, from, cut);
      const id = this.#insert(db, key, from, title);
      db.query(
        // Of no run: those are of the other session.
        `INSERT INTO message (session_id, position, role, content, parts, status, model, ts)
         SELECT ?2, position, role, content, parts, CASE status WHEN 'streaming' THEN 'interrupted' ELSE status END, model, ts
         FROM message WHERE session_id = ?1 AND position <= ?3 ORDER BY position, id`,
      ).run(from.id, id, position);
      db.query("INSERT INTO session_state SELECT ?2, name, value FROM session_state WHERE session_id = ?1").run(
        from.id,
        id,
      );
      copyMarks(db, from.id, id, position);
    });
    sessions.announceCreated(key, "owner");
    return sessions.get(key);
  }

  /**
   * Throws as `fork`, and `conflict` while something runs or waits there. The branch has the whole conversation as it was: copies
   * of what stays, and the messages themselves that go.
   */
  async rewind(sessionKey: string, cut: Cut): Promise<Rewound> {
    const { sessions, stores, load, bus } = this.#o;
    const session = this.#own(sessionKey);
    const branchKey = newKey(session);
    let moved = 0;
    await stores.of(session.key).write((db) => {
      const { active, queued } = load.of(session.key);
      if (active !== null || queued.length > 0) {
        throw new AlephError("conflict", "The session has a run", {
          data: { run_id: active ?? queued[0], hint: "Wait for its end, or cancel it" },
        });
      }
      const position = positionOf(db, session, cut);
      moved = countBehind(db, session.id, position);
      if (moved === 0) return;
      const title = `${session.title ?? session.key} (before going back)`;
      const id = this.#insert(db, branchKey, session, title.slice(0, 200));
      db.query(
        `INSERT INTO message (session_id, position, role, content, parts, status, model, ts)
         SELECT ?2, position, role, content, parts, status, model, ts
         FROM message WHERE session_id = ?1 AND position <= ?3 ORDER BY position, id`,
      ).run(session.id, id, position);
      db.query("UPDATE message SET session_id = ?2 WHERE session_id = ?1 AND position > ?3").run(
        session.id,
        id,
        position,
      );
      db.query("INSERT INTO session_state SELECT ?2, name, value FROM session_state WHERE session_id = ?1").run(
        session.id,
        id,
      );
      copyMarks(db, session.id, id, Number.MAX_SAFE_INTEGER);
      dropMarks(db, session.id, position);
    });
    if (moved === 0) return { branchKey: null, moved };
    sessions.announceCreated(branchKey, "owner");
    const rewound = { session_key: session.key, branch_key: branchKey };
    bus.publish("session.rewound", rewound, { sessionKey: session.key });
    return { branchKey, moved };
  }

  #insert(db: Database, key: string, from: Session, title: string | undefined): number {
    const { id } = ensureSession(db, key, "owner", this.#o.now());
    db.query(
      `UPDATE session SET (title, model, thinking, tools) =
         (SELECT coalesce(?3, title), model, thinking, tools FROM session WHERE id = ?2) WHERE id = ?1`,
    ).run(id, from.id, title ?? null);
    return id;
  }

  /** What others said in it would become the owner's own words. */
  #own(sessionKey: string): Session {
    const session = this.#o.sessions.get(sessionKey);
    if (session.kind === "owner") return session;
    throw new AlephError("forbidden", `Session "${session.key}" is not the owner's alone`, {
      data: { hint: "Only the owner's own sessions can be forked and rewound" },
    });
  }
}

function newKey({ key }: Session): string {
  const parsed = parseSessionKey(key);
  const form = isEphemeral(parsed) ? "ephemeral" : "chat";
  return buildSessionKey({ form, agent: agentOf(parsed), id: createId("s").slice(2) });
}

/** The place of the last message that stays. */
function positionOf(db: Database, { id, key }: Session, { before, at }: Cut): number {
  const wanted = before ?? at;
  if (wanted === undefined) return Number.MAX_SAFE_INTEGER;
  const found = db
    .query<{ position: number }, [number, string]>("SELECT position FROM message WHERE session_id = ? AND id = ?")
    .get(id, wanted);
  if (!found)
    throw new AlephError("not_found", `No message "${wanted}" in session "${key}"`, {
      data: { hint: "session.history shows those that exist" },
    });
  const position = before === undefined ? found.position : found.position - 1;
  assertWhole(db, id, position);
  return position;
}

/** Throws `conflict` when a call stands before the cut and its result behind it. */
function assertWhole(db: Database, sessionId: number, position: number): void {
  const next = db
    .query<{ role: string }, [number, number]>(
      "SELECT role FROM message WHERE session_id = ? AND position > ? ORDER BY position, id LIMIT 1",
    )
    .get(sessionId, position);
  if (next?.role !== "tool") return;
  throw new AlephError("conflict", "A tool call would be parted from its result", {
    data: { hint: "Choose a message that a person wrote, or the end of an answer" },
  });
}

function countBehind(db: Database, sessionId: number, position: number): number {
  return db
    .query<{ count: number }, [number, number]>(
      "SELECT count(*) AS count FROM message WHERE session_id = ? AND position > ?",
    )
    .get(sessionId, position)!.count;
}
