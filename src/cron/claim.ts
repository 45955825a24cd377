/** Claims what is due: in one transaction the times that are to be run are written down, and the job goes on to its next one. */
import type { Database } from "bun:sqlite";
import { changeRun, insertRun, type Job, jobsAhead, jobsDue, openRuns, pruneRuns, saveJob } from "./records.ts";
import { dueBetween, nextDue } from "./schedule.ts";

export interface ClaimOptions {
  readonly now: number;
  /** Of one job, where it wants all that it missed. */
  readonly maxMissed: number;
  /** Rows that are kept of each job. */
  readonly history: number;
  readonly random: () => number;
}

export interface Skipped {
  readonly cronId: string;
  readonly dueAt: number;
  readonly reason: "missed" | "overlap";
  readonly times: number;
}

/** Later than this it was not the timer that was late: the machine slept, the server was down, the clock jumped. */
const LATE_MS = 60_000;
/** A clock that was wrong by more than this and is right again: what it claimed is not waited for. */
const WRONG_MS = 86_400_000;

/** Inside the caller's transaction. What is claimed waits as a row, also when the process ends here. */
export function claimDue(db: Database, options: ClaimOptions): Skipped[] {
  for (const job of jobsAhead(db, options.now + WRONG_MS)) {
    saveJob(db, { ...job, ...timesAfter(job, options.now, options.random), lastDue: null });
  }
  return jobsDue(db, options.now).flatMap((job) => claim(db, job, options));
}

/** When a job is due next, and when it begins then. */
export function timesAfter(
  { spec: { schedule, jitterMs } }: Pick<Job, "spec">,
  after: number,
  random: () => number,
): Pick<Job, "nextDue" | "nextRunAt"> {
  const due = nextDue(schedule, after);
  if (due === null || jitterMs === 0) return { nextDue: due, nextRunAt: due };
  // Before the time after it, whatever the jitter: each has its own.
  const room = (nextDue(schedule, due) ?? Number.MAX_SAFE_INTEGER) - due;
  return { nextDue: due, nextRunAt: due + Math.floor(random() * Math.min(jitterMs, room)) };
}

function claim(db: Database, job: Job, { now, maxMissed, history, random }: ClaimOptions): Skipped[] {
  const { id, spec } = job;
  const first = job.nextDue ?? now;
  const { times, earlier } = dueBetween(spec.schedule, first, now, Math.max(1, maxMissed));
  const last = times.at(-1) ?? first;
  const isOnTime = now - Math.max(last, last === first ? (job.nextRunAt ?? first) : 0) <= LATE_MS;
  const missed = isOnTime ? times.slice(0, -1) : times;
  const skipped: Skipped[] = [];
  const skip = (reason: Skipped["reason"], dueAt: number, count: number) => {
    if (count < 1) return;
    const note = count === 1 ? reason : `${reason}, ${count} times`;
    if (insertRun(db, { job_id: id, due_at: dueAt, cause: "schedule", status: "skipped", ended_at: now, note }))
      skipped.push({ cronId: id, dueAt, reason, times: count });
  };
  const wanted = spec.missed === "all" ? missed : spec.missed === "once" && !isOnTime ? [last] : [];
  skip("missed", first, missed.length - wanted.length + earlier);
  // What has failed and would be tried again gives way to the next time.
  const isBusy = openRuns(db, id).some(({ status, attempt }) => status === "running" || attempt === 1);
  // Those that a job wants all of wait for each other; else two never go at once.
  const isLine = spec.missed === "all" && wanted.length > 0;
  for (const due of isOnTime ? [...wanted, last] : wanted) {
    if (isBusy && !isLine) skip("overlap", due, 1);
    else {
      if (!isBusy) giveUpRetries(db, id, now);
      insertRun(db, { job_id: id, due_at: due, cause: "schedule", status: "waiting", next_at: now });
    }
  }
  saveJob(db, { ...job, ...timesAfter(job, now, random), lastDue: last });
  pruneRuns(db, id, history);
  return skipped;
}

function giveUpRetries(db: Database, id: string, now: number): void {
  for (const row of openRuns(db, id)) {
    if (row.status === "waiting" && row.attempt > 1)
      changeRun(db, row.id, "waiting", { status: "failed", ended_at: now });
  }
}
