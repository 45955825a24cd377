/** The calls and nodes that the center has written down: for people, and for what a restart leaves open. */
import type { NodeCallRecord, NodeHello, NodeOutcome } from "../protocol/node.ts";
import type { Store } from "../sdk/store.ts";

/** Of calls that have ended, the newest are kept. */
const KEPT = 2000;
const PRUNE_EVERY = 200;

export interface OpenRecord {
  readonly id: string;
  readonly node_id: string;
  readonly boot_id: string;
  readonly deadline_at: number;
  readonly session_key: string | null;
}

export interface NewRecord extends OpenRecord {
  readonly command: string;
  readonly started_at: number;
}

export class NodeRecords {
  readonly #store: Store;
  #sincePruned = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Written before the call is sent, so that it is there after a crash of this process. */
  begin({ id, node_id, boot_id, command, session_key, started_at, deadline_at }: NewRecord): void {
    this.#store.writeRelaxed((db) => {
      db.query(
        "INSERT INTO node_call (id, node_id, boot_id, command, session_key, started_at, deadline_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ).run(id, node_id, boot_id, command, session_key, started_at, deadline_at);
      if (++this.#sincePruned < PRUNE_EVERY) return;
      this.#sincePruned = 0;
      db.query(
        "DELETE FROM node_call WHERE outcome IS NOT NULL AND id NOT IN (SELECT id FROM node_call ORDER BY started_at DESC LIMIT ?)",
      ).run(KEPT);
    });
  }

  end(id: string, outcome: NodeOutcome, reason: string | null, at: number): void {
    this.#store.writeRelaxed((db) =>
      db
        .query("UPDATE node_call SET outcome = ?, reason = ?, ended_at = ? WHERE id = ? AND outcome IS NULL")
        .run(outcome, reason, at, id),
    );
  }

  open(): OpenRecord[] {
    return this.#store.db
      .query<OpenRecord, []>(
        "SELECT id, node_id, boot_id, deadline_at, session_key FROM node_call WHERE outcome IS NULL ORDER BY started_at",
      )
      .all();
  }

  /** Newest first. */
  recent(nodeId: string, limit: number): NodeCallRecord[] {
    return this.#store.db
      .query<NodeCallRecord, [string, number]>(
        `SELECT id AS call_id, command, session_key, started_at, ended_at, outcome, reason
         FROM node_call WHERE node_id = ? ORDER BY started_at DESC, id DESC LIMIT ?`,
      )
      .all(nodeId, limit);
  }

  /** What the node said of itself when it was last here. */
  hello(nodeId: string): NodeHello | undefined {
    const row = this.#store.db.query<{ hello: string }, [string]>("SELECT hello FROM node WHERE id = ?").get(nodeId);
    return row ? (JSON.parse(row.hello) as NodeHello) : undefined;
  }

  remember(nodeId: string, hello: NodeHello): void {
    this.#store.writeRelaxed((db) =>
      db.query("INSERT OR REPLACE INTO node (id, hello) VALUES (?, ?)").run(nodeId, JSON.stringify(hello)),
    );
  }

  forget(nodeId: string): void {
    this.#store.writeRelaxed((db) => db.query("DELETE FROM node WHERE id = ?").run(nodeId));
  }
}
