/** Jobs and their runs on disk. Writers run inside a transaction of the caller. */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import type { CronDeliver, CronRetry, CronRunStatus } from "../protocol/cron.ts";
import type { Grant } from "../protocol/identity.ts";
import type { Schedule } from "./schedule.ts";

export interface JobSpec {
  readonly schedule: Schedule;
  readonly message: string;
  readonly deliver: CronDeliver | null;
  readonly model: string | null;
  readonly missed: "skip" | "once" | "all";
  readonly jitterMs: number;
  readonly retry: CronRetry;
  /** Content from outside was in the run whose model made it. */
  readonly untrusted: boolean;
}

export interface Job {
  readonly id: string;
  readonly agent: string;
  readonly spec: JobSpec;
  readonly grant: Grant;
  readonly credential: string | null;
  readonly enabled: boolean;
  readonly nextDue: number | null;
  readonly nextRunAt: number | null;
  readonly lastDue: number | null;
  readonly createdAt: number;
}

export interface RunRow {
  readonly id: number;
  readonly job_id: string;
  readonly due_at: number;
  readonly cause: "schedule" | "manual";
  readonly status: CronRunStatus;
  readonly attempt: number;
  readonly next_at: number | null;
  readonly run_id: string | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly note: string | null;
  readonly delivery: "pending" | "done" | "failed" | null;
  readonly delivery_attempts: number;
  readonly delivery_error: string | null;
  readonly payload: string | null;
}

const MAX_NOTE = 1000;

export function findJob(db: Database, id: string): Job | undefined {
  const row = db.query<JobRow, [string]>("SELECT * FROM cron_job WHERE id = ?").get(id);
  return row ? jobOf(row) : undefined;
}

export function listJobs(db: Database): Job[] {
  return db
    .query<JobRow, []>("SELECT * FROM cron_job ORDER BY enabled DESC, next_run_at IS NULL, next_run_at, id")
    .all()
    .map(jobOf);
}

/** Oldest first. */
export function jobsDue(db: Database, now: number): Job[] {
  return db
    .query<JobRow, [number]>(
      "SELECT * FROM cron_job WHERE enabled = 1 AND next_run_at IS NOT NULL AND next_run_at <= ? ORDER BY next_run_at, id",
    )
    .all(now)
    .map(jobOf);
}

/** Whose next time was reckoned by a clock that went further than this. */
export function jobsAhead(db: Database, time: number): Job[] {
  return db.query<JobRow, [number]>("SELECT * FROM cron_job WHERE enabled = 1 AND last_due > ?").all(time).map(jobOf);
}

export function saveJob(db: Database, job: Job): void {
  db.query(
    `INSERT INTO cron_job (id, agent, spec, grant_json, credential, enabled, next_due, next_run_at, last_due, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, spec = excluded.spec, grant_json = excluded.grant_json,
       credential = excluded.credential, enabled = excluded.enabled, next_due = excluded.next_due,
       next_run_at = excluded.next_run_at, last_due = excluded.last_due`,
  ).run(
    job.id,
    job.agent,
    JSON.stringify(job.spec),
    JSON.stringify(job.grant),
    job.credential,
    job.enabled ? 1 : 0,
    job.nextDue,
    job.nextRunAt,
    job.lastDue,
    job.createdAt,
  );
}

export function deleteJob(db: Database, id: string): void {
  db.query("DELETE FROM cron_run WHERE job_id = ?").run(id);
  db.query("DELETE FROM cron_job WHERE id = ?").run(id);
}

/** The new row's id; undefined when this time was claimed before. */
export function insertRun(
  db: Database,
  run: Pick<RunRow, "job_id" | "due_at" | "cause" | "status"> & Partial<Pick<RunRow, "next_at" | "ended_at" | "note">>,
): number | undefined {
  const { changes, lastInsertRowid } = db
    .query(
      `INSERT INTO cron_run (job_id, due_at, cause, status, next_at, ended_at, note) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    .run(
      run.job_id,
      run.due_at,
      run.cause,
      run.status,
      run.next_at ?? null,
      run.ended_at ?? null,
      shortened(run.note ?? null),
    );
  return changes === 0 ? undefined : Number(lastInsertRowid);
}

export function findRunRow(db: Database, id: number): RunRow | undefined {
  return db.query<RunRow, [number]>("SELECT * FROM cron_run WHERE id = ?").get(id) ?? undefined;
}

/** Changes the row if it still has this status; whether it had. */
export function changeRun(
  db: Database,
  id: number,
  from: CronRunStatus,
  change: Partial<
    Pick<RunRow, "status" | "attempt" | "next_at" | "run_id" | "started_at" | "ended_at" | "note" | "delivery"> &
      Pick<RunRow, "delivery_error" | "payload"> & { readonly delivery_at: number }
  >,
): boolean {
  const entries = Object.entries(change).map(([key, value]) => [key, key === "note" ? shortened(value) : value]);
  const columns = entries.map(([key]) => `${key} = ?`).join(", ");
  const values = entries.map(([, value]) => value as SQLQueryBindings);
  return db.query(`UPDATE cron_run SET ${columns} WHERE id = ? AND status = ?`).run(...values, id, from).changes > 0;
}

/** What of this job waits or goes, oldest first. */
export function openRuns(db: Database, jobId: string): RunRow[] {
  return db
    .query<RunRow, [string]>("SELECT * FROM cron_run WHERE job_id = ? AND status IN ('waiting', 'running') ORDER BY id")
    .all(jobId);
}

/** Of a job that is paused: neither what failed is tried again nor what it missed made up for. */
export function dropWaiting(db: Database, jobId: string, now: number): void {
  db.query(
    `UPDATE cron_run SET status = iif(attempt > 1, 'failed', 'skipped'), note = iif(attempt > 1, note, 'paused'),
       next_at = NULL, ended_at = ?2 WHERE job_id = ?1 AND status = 'waiting'`,
  ).run(jobId, now);
}

/** Those whose maker's token or device is no more; their ids. */
export function pauseJobsOf(db: Database, credential: string, now: number): readonly string[] {
  const paused = db
    .query<{ id: string }, [string]>(
      `UPDATE cron_job SET enabled = 0, next_due = NULL, next_run_at = NULL
       WHERE credential = ? AND enabled = 1 RETURNING id`,
    )
    .all(credential)
    .map(({ id }) => id);
  for (const id of paused) dropWaiting(db, id, now);
  return paused;
}

export function runsGoing(db: Database): RunRow[] {
  return db.query<RunRow, []>("SELECT * FROM cron_run WHERE status = 'running' ORDER BY id").all();
}

/** What may begin: the oldest that waits of each job that has nothing under way. */
export function runsToStart(db: Database, now: number): RunRow[] {
  return db
    .query<RunRow, [number]>(
      `SELECT * FROM cron_run AS r WHERE status = 'waiting' AND next_at <= ? AND NOT EXISTS (
         SELECT 1 FROM cron_run AS o WHERE o.job_id = r.job_id AND o.status IN ('waiting', 'running')
           AND (o.status = 'running' OR o.id < r.id)) ORDER BY next_at, id`,
    )
    .all(now);
}

export function deliveriesDue(db: Database, now: number): RunRow[] {
  return db
    .query<RunRow, [number]>("SELECT * FROM cron_run WHERE delivery = 'pending' AND delivery_at <= ? ORDER BY id")
    .all(now);
}

/** Of a job that tells no webhook any more: what was for one has nowhere to go. */
export function dropDeliveries(db: Database, jobId: string): void {
  db.query(
    `UPDATE cron_run SET delivery = 'failed', delivery_at = NULL, payload = NULL,
       delivery_error = coalesce(delivery_error, 'Its webhook was taken away') WHERE job_id = ? AND delivery = 'pending'`,
  ).run(jobId);
}

/** Newest first; of all jobs when none is named. */
export function historyOf(db: Database, jobId: string | undefined, limit: number): RunRow[] {
  return db
    .query<RunRow, [string | null, number]>(
      "SELECT * FROM cron_run WHERE ?1 IS NULL OR job_id = ?1 ORDER BY id DESC LIMIT ?2",
    )
    .all(jobId ?? null, limit);
}

/** Keeps the newest; never takes what is not done with. */
export function pruneRuns(db: Database, jobId: string, keep: number): void {
  db.query(
    `DELETE FROM cron_run WHERE job_id = ?1 AND status NOT IN ('waiting', 'running') AND delivery IS NOT 'pending'
       AND id <= (SELECT id FROM cron_run WHERE job_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
  ).run(jobId, keep);
}

/** When there is something to do; null for never. */
export function nextWake(db: Database): number | null {
  return (
    db
      .query<{ at: number | null }, []>(
        `SELECT min(at) AS at FROM (
           SELECT min(next_run_at) AS at FROM cron_job WHERE enabled = 1 AND next_run_at IS NOT NULL
           UNION ALL SELECT min(delivery_at) FROM cron_run WHERE delivery = 'pending'
           UNION ALL SELECT min(next_at) FROM cron_run AS r WHERE status = 'waiting' AND NOT EXISTS (
             SELECT 1 FROM cron_run AS o WHERE o.job_id = r.job_id AND o.status IN ('waiting', 'running')
               AND (o.status = 'running' OR o.id < r.id)))`,
      )
      .get()?.at ?? null
  );
}

function shortened(note: unknown): string | null {
  if (typeof note !== "string") return null;
  return note.length > MAX_NOTE ? `${note.slice(0, MAX_NOTE).toWellFormed()}…` : note;
}

interface JobRow {
  readonly id: string;
  readonly agent: string;
  readonly spec: string;
  readonly grant_json: string;
  readonly credential: string | null;
  readonly enabled: number;
  readonly next_due: number | null;
  readonly next_run_at: number | null;
  readonly last_due: number | null;
  readonly created_at: number;
}

function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    agent: row.agent,
    spec: JSON.parse(row.spec) as JobSpec,
    grant: JSON.parse(row.grant_json) as Grant,
    credential: row.credential,
    enabled: row.enabled === 1,
    nextDue: row.next_due,
    nextRunAt: row.next_run_at,
    lastDue: row.last_due,
    createdAt: row.created_at,
  };
}
