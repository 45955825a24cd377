/** Jobs and their runs as the wire shows them. */
import type { WireCronJob, WireCronRun } from "../protocol/cron.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Job, JobSpec, RunRow } from "./records.ts";

export function toWireJob({ id, agent, spec, grant, enabled, ...job }: Job, last: RunRow | undefined): WireCronJob {
  return {
    cron_id: id,
    session_key: buildSessionKey({ form: "task", agent, source: "cron", id }),
    schedule: "every_ms" in spec.schedule ? { every_ms: spec.schedule.every_ms } : spec.schedule,
    message: spec.message,
    deliver: deliverOf(spec),
    agent,
    model: spec.model,
    missed: spec.missed,
    jitter_ms: spec.jitterMs,
    retry: spec.retry,
    enabled,
    next_run_at: job.nextRunAt,
    untrusted: spec.untrusted,
    created_by: grant.identity.id,
    created_at: job.createdAt,
    last: last ? toWireRun(last) : null,
  };
}

export function toWireRun(row: RunRow): WireCronRun {
  return {
    cron_id: row.job_id,
    due_at: row.due_at,
    cause: row.cause,
    status: row.status,
    attempt: row.attempt,
    run_id: row.run_id,
    started_at: row.started_at,
    ended_at: row.ended_at,
    note: row.note,
    delivery: row.delivery,
    delivery_error: row.delivery_error,
  };
}

function deliverOf({ deliver }: JobSpec): WireCronJob["deliver"] {
  if (!deliver || !("webhook" in deliver)) return deliver;
  return { webhook: deliver.webhook, signed: deliver.secret !== undefined };
}
