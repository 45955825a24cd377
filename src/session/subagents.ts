/** Subagents on disk: which run started which, what they have used, and whose result is still to be told. */
import type { Database } from "bun:sqlite";

export interface SubagentRow {
  readonly runId: string;
  readonly parentRunId: string;
  readonly background: boolean;
  readonly delivered: boolean;
}

export interface Spent {
  readonly steps: number;
  readonly tokens: number;
  readonly cost_usd: number;
}

/** Inside the transaction that makes the run. */
export function insertSubagent(
  db: Database,
  row: {
    readonly runId: string;
    readonly parentRunId: string;
    readonly parentSessionKey: string;
    readonly background: boolean;
  },
): void {
  db.query("INSERT INTO subagent (run_id, parent_run_id, parent_session_key, background) VALUES (?, ?, ?, ?)").run(
    row.runId,
    row.parentRunId,
    row.parentSessionKey,
    Number(row.background),
  );
}

export function findSubagent(db: Database, runId: string): SubagentRow | undefined {
  const row = db.query<Row, [string]>("SELECT * FROM subagent WHERE run_id = ?").get(runId);
  return row ? rowOf(row) : undefined;
}

/** Run ids of those that the run has started itself, oldest first. */
export function childrenOf(db: Database, runId: string): readonly string[] {
  return db
    .query<{ run_id: string }, [string]>(
      `SELECT run_id FROM subagent JOIN run ON run.id = run_id WHERE parent_run_id = ? ORDER BY created_at, run_id`,
    )
    .all(runId)
    .map(({ run_id }) => run_id);
}

/** Of all runs of a session; oldest first. */
export function subagentsOfSession(db: Database, sessionKey: string): readonly string[] {
  return db
    .query<{ run_id: string }, [string]>(
      `SELECT run_id FROM subagent JOIN run ON run.id = run_id WHERE parent_session_key = ? ORDER BY created_at, run_id`,
    )
    .all(sessionKey)
    .map(({ run_id }) => run_id);
}

/** What all that a run has started, and those in turn, have used so far; each up to its last finished step. */
export function spentBelow(db: Database, runId: string): Spent {
  const row = db
    .query<Spent, [string]>(
      `WITH RECURSIVE below (id) AS (
         SELECT run_id FROM subagent WHERE parent_run_id = ?1
         UNION SELECT subagent.run_id FROM subagent JOIN below ON parent_run_id = below.id
       )
       SELECT coalesce(sum(steps), 0) AS steps,
         coalesce(sum(coalesce(usage ->> '$.input', 0) + coalesce(usage ->> '$.output', 0)), 0) AS tokens,
         coalesce(sum(coalesce(usage ->> '$.cost_usd', 0)), 0) AS cost_usd
       FROM below JOIN run ON run.id = below.id`,
    )
    .get(runId);
  return row ?? { steps: 0, tokens: 0, cost_usd: 0 };
}

/** Ended, and nobody was told. */
export function undelivered(db: Database): readonly string[] {
  return db
    .query<{ run_id: string }, []>(
      `SELECT run_id FROM subagent JOIN run ON run.id = run_id
       WHERE background = 1 AND delivered = 0 AND run.ended_at IS NOT NULL ORDER BY run.ended_at, run_id`,
    )
    .all()
    .map(({ run_id }) => run_id);
}

export function setDelivered(db: Database, runId: string): void {
  db.query("UPDATE subagent SET delivered = 1 WHERE run_id = ?").run(runId);
}

/** Whoever waited for it waits no more: its result comes as a message. */
export function setBackground(db: Database, runId: string): void {
  db.query("UPDATE subagent SET background = 1 WHERE run_id = ?").run(runId);
}

interface Row {
  readonly run_id: string;
  readonly parent_run_id: string;
  readonly background: number;
  readonly delivered: number;
}

function rowOf({ run_id, parent_run_id, background, delivered }: Row): SubagentRow {
  return { runId: run_id, parentRunId: parent_run_id, background: background === 1, delivered: delivered === 1 };
}
