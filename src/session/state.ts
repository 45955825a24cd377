/** Small state that a tool keeps for a session; gone with the session. */
import { canonicalSessionKey } from "../protocol/session-key.ts";
import { ensureSession } from "./sessions.ts";
import type { Stores } from "./stores.ts";

export class SessionStates {
  readonly #stores: Stores;
  readonly #now: () => number;

  constructor({ stores, now }: { stores: Stores; now: () => number }) {
    this.#stores = stores;
    this.#now = now;
  }

  get(sessionKey: string, name: string): unknown {
    const key = canonicalSessionKey(sessionKey);
    const row = this.#stores
      .of(key)
      .db.query<{ value: string }, [string, string]>(
        "SELECT value FROM session_state JOIN session ON session.id = session_id WHERE session.key = ? AND name = ?",
      )
      .get(key, name);
    return row ? (JSON.parse(row.value) as unknown) : undefined;
  }

  async set(sessionKey: string, name: string, value: unknown): Promise<void> {
    const key = canonicalSessionKey(sessionKey);
    await this.#stores.of(key).write((db) => {
      const { id } = ensureSession(db, key, "owner", this.#now());
      db.query(
        "INSERT INTO session_state VALUES (?, ?, ?) ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value",
      ).run(id, name, JSON.stringify(value));
    });
  }
}
