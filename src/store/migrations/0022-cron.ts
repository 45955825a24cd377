/** Schedules: what is done when, and each time that was claimed with what became of it. */

export const cron = `
CREATE TABLE cron_job (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  /* JSON: schedule, message, where the answer goes and the rest of what was asked. */
  spec TEXT NOT NULL,
  /* JSON: whose rights its runs have. */
  grant_json TEXT NOT NULL,
  /* What the grant came from; when that is revoked, the job stops. */
  credential TEXT,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  /* The time that the schedule names; NULL: none is left. */
  next_due INTEGER,
  /* When it begins: a little later, where it has jitter. */
  next_run_at INTEGER,
  /* The latest one that was claimed. */
  last_due INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cron_job_next ON cron_job (next_run_at) WHERE enabled = 1 AND next_run_at IS NOT NULL;

CREATE TABLE cron_run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  /* Of a job, or "heartbeat:" and an agent. */
  job_id TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('schedule', 'manual')),
  status TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1,
  /* While it waits: when it is started, or tried again. */
  next_at INTEGER,
  run_id TEXT,
  started_at INTEGER,
  ended_at INTEGER,
  note TEXT,
  delivery TEXT CHECK (delivery IN ('pending', 'done', 'failed')),
  delivery_attempts INTEGER NOT NULL DEFAULT 0,
  delivery_at INTEGER,
  delivery_error TEXT,
  /* JSON: what the webhook is told, until it has been. */
  payload TEXT
) STRICT;
CREATE UNIQUE INDEX cron_run_due ON cron_run (job_id, due_at) WHERE cause = 'schedule';
CREATE INDEX cron_run_job ON cron_run (job_id, id);
CREATE INDEX cron_run_open ON cron_run (status) WHERE status IN ('waiting', 'running');
CREATE INDEX cron_run_delivery ON cron_run (delivery_at) WHERE delivery = 'pending';
`;
