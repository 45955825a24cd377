/** In which conversations something stands that a stranger may have written; what is learned from them is seen in that light. */
import { canonicalSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import type { Stores } from "../session/stores.ts";

/** How far a session was looked through, and whether anything from outside was in it by then. */
export interface Progress {
  readonly messageId: number;
  readonly tainted: boolean;
}

/** Word for word as the index message_untrusted has it. */
const UNTRUSTED = `instr(parts, '"untrusted":true') > 0`;

export class Taints {
  readonly #store: Store;
  readonly #stores: Pick<Stores, "all">;

  constructor({ store, stores }: { readonly store: Store; readonly stores: Pick<Stores, "all"> }) {
    this.#store = store;
    this.#stores = stores;
  }

  /** Undefined for a session that nobody has looked at. */
  progress(sessionId: number): Progress | undefined {
    const row = this.#store.db
      .query<{ message_id: number; tainted: number }, [number]>(
        "SELECT message_id, tainted FROM memory_extracted WHERE session_id = ?",
      )
      .get(sessionId);
    return row ? { messageId: row.message_id, tainted: row.tainted === 1 } : undefined;
  }

  save(sessionId: number, { messageId, tainted }: Progress): void {
    this.#store.writeRelaxed((db) => {
      db.query(
        `INSERT INTO memory_extracted VALUES (?1, ?2, ?3) ON CONFLICT (session_id)
         DO UPDATE SET message_id = max(message_id, ?2), tainted = max(tainted, ?3)`,
      ).run(sessionId, messageId, Number(tainted));
    });
  }

  /** Something from outside was recalled there. */
  mark(sessionKey: string): void {
    const id = this.#idOf(sessionKey);
    if (id !== undefined && !this.progress(id)?.tainted) this.save(id, { messageId: 0, tainted: true });
  }

  /** Whether something from outside came after this message. */
  since(sessionId: number, messageId: number): boolean {
    const row = this.#store.db
      .query<{ found: number }, [number, number]>(
        `SELECT 1 AS found FROM message INDEXED BY message_untrusted
         WHERE session_id = ? AND id > ? AND role IN ('user', 'tool') AND ${UNTRUSTED} LIMIT 1`,
      )
      .get(sessionId, messageId);
    return row !== null;
  }

  /** Whether a run has seen something from outside, as far as its session is known. */
  inRun(sessionKey: string, runId: string): boolean {
    const id = this.#idOf(sessionKey);
    // Of an ephemeral session nothing is known here.
    if (id === undefined) return true;
    if (this.progress(id)?.tainted) return true;
    const row = this.#store.db
      .query<{ found: number }, [string]>(`SELECT 1 AS found FROM message WHERE run_id = ? AND ${UNTRUSTED} LIMIT 1`)
      .get(runId);
    return row !== null || this.since(id, this.progress(id)?.messageId ?? 0);
  }

  /** Whether another run of the agent is under way that has. */
  beside(agent: string, runId: string | null): boolean {
    // Those too of ephemeral sessions: they have the same workspace.
    return this.#stores
      .all()
      .flatMap(({ db }) =>
        db
          .query<{ id: string; key: string }, [string, string]>(
            `SELECT run.id, key FROM run JOIN session ON session.id = session_id
             WHERE status IN ('queued', 'running') AND agent = ? AND run.id <> ?`,
          )
          .all(agent, runId ?? ""),
      )
      .some(({ id, key }) => this.inRun(key, id));
  }

  #idOf(sessionKey: string): number | undefined {
    const key = canonicalSessionKey(sessionKey);
    return this.#store.db.query<{ id: number }, [string]>("SELECT id FROM session WHERE key = ?").get(key)?.id;
  }
}
