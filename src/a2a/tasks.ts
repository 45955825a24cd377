/** Which runs are tasks of other agents, whose they are, and which message began or went on with which. */
import type { Database } from "bun:sqlite";
import type { RunStatus } from "../protocol/run.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";

export interface TaskRow {
  /** The id of the task is that of its run. */
  readonly runId: string;
  readonly contextId: string;
}

export interface NewMessage {
  readonly identity: string;
  readonly messageId: string;
  readonly digest: string;
  readonly runId: string;
}

export interface TaskQuery {
  readonly identity: string;
  readonly contextId?: string;
  readonly statuses?: readonly RunStatus[];
  /** Runs that are to be left out, or are all that is wanted. */
  readonly asking?: { readonly ids: readonly string[]; readonly only: boolean };
  /** Unix milliseconds. */
  readonly changedSince?: number;
  readonly limit: number;
  readonly after?: Place;
}

/** Where a task stands in the list, newest first. */
export interface Place {
  readonly changedAt: number;
  readonly runId: string;
}

export class Tasks {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined also for a task of somebody else. */
  find(identity: string, runId: string): TaskRow | undefined {
    const row = this.#store.db
      .query<{ context_id: string }, [string, string]>(
        "SELECT context_id FROM a2a_task WHERE run_id = ? AND identity = ?",
      )
      .get(runId, identity);
    return row ? { runId, contextId: row.context_id } : undefined;
  }

  /** Whosever it is: for what the server itself does. */
  any(runId: string): TaskRow | undefined {
    const row = this.#store.db
      .query<{ context_id: string }, [string]>("SELECT context_id FROM a2a_task WHERE run_id = ?")
      .get(runId);
    return row ? { runId, contextId: row.context_id } : undefined;
  }

  /** The run that the same message began or went on with before. */
  runOf(identity: string, { messageId, digest }: { messageId: string; digest: string }): string | undefined {
    return this.#store.db
      .query<{ run_id: string }, [string, string, string]>(
        "SELECT run_id FROM a2a_message WHERE identity = ? AND message_id = ? AND digest = ?",
      )
      .get(identity, messageId, digest)?.run_id;
  }

  /** The ids that their sender gave to messages of the run, by our own. */
  messageIds(runId: string): ReadonlyMap<string, string> {
    const rows = this.#store.db
      .query<{ message_id: string; message: number }, [string]>(
        "SELECT message_id, message FROM a2a_message WHERE run_id = ?",
      )
      .all(runId);
    return new Map(rows.map(({ message_id, message }) => [String(message), message_id]));
  }

  list(query: TaskQuery): { readonly tasks: readonly TaskRow[]; readonly total: number; readonly next?: Place } {
    const { identity, contextId = null, statuses, asking, changedSince = 0, limit, after } = query;
    const from = `FROM a2a_task JOIN run ON run.id = a2a_task.run_id
       WHERE a2a_task.identity = ?1 AND (?2 IS NULL OR context_id = ?2)
       AND (?3 IS NULL OR run.status IN (SELECT value FROM json_each(?3)))
       AND (?4 IS NULL OR (run.id IN (SELECT value FROM json_each(?4))) = ?5)
       AND ${CHANGED} >= ?6`;
    const given: Given = [
      identity,
      contextId,
      statuses === undefined ? null : JSON.stringify(statuses),
      asking === undefined ? null : JSON.stringify(asking.ids),
      asking?.only === true ? 1 : 0,
      changedSince,
    ];
    const total = this.#store.db
      .query<{ count: number }, Given>(`SELECT count(*) AS count ${from}`)
      .get(...given)!.count;
    const rows = this.#store.db
      .query<ListRow, [...Given, number, string, number]>(
        `SELECT a2a_task.run_id, context_id, ${CHANGED} AS changed_at ${from}
         AND (${CHANGED}, a2a_task.run_id) < (?7, ?8) ORDER BY changed_at DESC, a2a_task.run_id DESC LIMIT ?9`,
      )
      .all(...given, after?.changedAt ?? Number.MAX_SAFE_INTEGER, after?.runId ?? "", limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      tasks: page.map((row) => ({ runId: row.run_id, contextId: row.context_id })),
      total,
      ...(rows.length > limit && last ? { next: { changedAt: last.changed_at, runId: last.run_id } } : {}),
    };
  }
}

const CHANGED = "coalesce(run.ended_at, run.started_at, run.created_at)";

type Given = [string, string | null, string | null, string | null, number, number];

interface ListRow {
  readonly run_id: string;
  readonly context_id: string;
  readonly changed_at: number;
}

/** Inside the transaction that makes the run. */
export function insertTask(
  db: Database,
  { runId, identity, contextId, now }: { runId: string; identity: string; contextId: string; now: number },
): void {
  db.query("INSERT OR IGNORE INTO a2a_task (run_id, identity, context_id, created_at) VALUES (?, ?, ?, ?)").run(
    runId,
    identity,
    contextId,
    now,
  );
}

/** Inside the transaction that puts the message into the run, right after it: it is the newest one there. */
export function insertMessage(db: Database, { identity, messageId, digest, runId }: NewMessage): void {
  db.query(
    `INSERT INTO a2a_message (identity, message_id, digest, run_id, message)
     VALUES (?1, ?2, ?3, ?4, (SELECT max(id) FROM message WHERE run_id = ?4))`,
  ).run(identity, messageId, digest, runId);
}

/** The conversation of a context: each identity has its own, whatever name another one gives to a context. */
export function sessionKeyOf(agent: string, identity: string, contextId: string): string {
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify([identity, contextId])).digest("hex");
  return buildSessionKey({ form: "chat", agent, id: `a2a-${digest.slice(0, 32)}` });
}
