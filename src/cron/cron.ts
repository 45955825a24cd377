/**
 * Jobs that run by the clock. Each time that is due is claimed once, on disk, and its run is made in the transaction that marks the
 * claim: a killed process takes up at its next start what it left, and nothing twice. One timer serves them all.
 */
import { createId } from "../lib/id.ts";
import { describeError } from "../lib/log.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError, ERRORS } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { RunParams } from "../protocol/run.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import type { Runs, StoredRun } from "../session/runs.ts";
import { claimDue, type Skipped, timesAfter } from "./claim.ts";
import { Endings, type EndingsOptions } from "./endings.ts";
import {
  changeRun,
  deleteJob,
  deliveriesDue,
  dropDeliveries,
  dropWaiting,
  findJob,
  findRunRow,
  historyOf,
  insertRun,
  type Job,
  listJobs,
  nextWake,
  openRuns,
  type RunRow,
  runsGoing,
  runsToStart,
  saveJob,
} from "./records.ts";
import { resolveSchedule } from "./schedule.ts";
import type { JobChange, NewJob } from "./wish.ts";

export interface CronOptions extends EndingsOptions {
  readonly runner: {
    start(
      params: RunParams,
      grant: Grant,
      credential: string | undefined,
      origin: { readonly untrusted?: boolean; readonly also: (db: Store["db"], runId: string | undefined) => void },
    ): Promise<{ readonly run_id: string }>;
  };
  readonly runs: Pick<Runs, "find">;
  /** `[cron]`. */
  readonly table: () => {
    readonly enabled: boolean;
    readonly max_jobs: number;
    readonly max_missed: number;
    readonly history: number;
  };
  /** Throws `not_found`. */
  readonly assertAgent: (agent: string) => void;
  readonly timeZone: () => string;
  readonly random: () => number;
  /** Calls back once, after `ms`, unless disposed. */
  readonly timer: (ms: number, call: () => void) => Disposable;
}

/** So often the clock is looked at: it may have been set. */
const LONGEST_SLEEP_MS = 30_000;
const AGAIN_MS = 30_000;
const KEPT_ENDED = 100;

export class Cron implements AsyncDisposable {
  readonly #o: CronOptions;
  readonly #serial = createSerial();
  readonly #stopped = new AbortController();
  readonly #endings: Endings;
  /** By the agent's run: the row that waits for its end. */
  readonly #going = new Map<string, number>();
  /** By the agent's run: rows whose end could not be written down. Without it they would count as under way for ever. */
  readonly #unwritten = new Map<string, { readonly rowId: number; readonly since: number }>();
  readonly #working = new Set<Promise<unknown>>();
  #timer: Disposable | undefined;
  /** What the clock showed last; before that, any time. */
  #seen = Number.POSITIVE_INFINITY;

  constructor(options: CronOptions) {
    this.#o = options;
    this.#endings = new Endings(options);
  }

  /** Takes up what an earlier process left, and goes on. Once, when the runs of that process have been taken up. */
  async start(): Promise<void> {
    const { store, runs } = this.#o;
    for (const row of runsGoing(store.db)) {
      const run = row.run_id === null ? undefined : runs.find(row.run_id);
      if (run && run.endedAt === null) this.#going.set(run.id, row.id);
      else await this.#endings.finish(row.id, run);
    }
    await this.wake();
  }

  /** To be told of the end of every run. */
  ended({ id }: Pick<StoredRun, "id">): void {
    const rowId = this.#going.get(id);
    if (rowId === undefined) return;
    this.#going.delete(id);
    // The server stops, and the next one takes it up; or the disk had no room for its end, and may have some later.
    if (this.#o.runs.find(id)?.endedAt === null) this.#finishLater(id, rowId);
    else this.#track(this.#finish(id, rowId).then(() => this.wake()));
  }

  /** Does what is due, and sleeps until the next time. */
  wake(): Promise<void> {
    return this.#serial(async () => {
      if (this.#stopped.signal.aborted) return;
      this.#timer?.[Symbol.dispose]();
      this.#timer = undefined;
      try {
        if (this.#o.table().enabled) await this.#work();
        this.#sleep();
      } catch (thrown) {
        this.#o.log.error("schedules could not be looked at", describeError(thrown));
        // What is due stays due, and a disk that takes nothing does not for some time.
        this.#sleep(AGAIN_MS);
      }
    });
  }

  list(): readonly Job[] {
    return listJobs(this.#o.store.db);
  }

  /** Throws `not_found`. */
  get(id: string): Job {
    const job = findJob(this.#o.store.db, id);
    if (job) return job;
    throw new AlephError("not_found", `No job ${JSON.stringify(id.slice(0, 80))}`, {
      data: { hint: "cron.list shows those that there are" },
    });
  }

  /** Newest first; of all jobs, and of heartbeats, when none is named. */
  history(id: string | undefined, limit: number): readonly RunRow[] {
    return historyOf(this.#o.store.db, id, limit);
  }

  /** Throws `invalid_params`, `not_found` for an agent or interface that there is not, `conflict`, `limit_reached`. */
  async add(wish: NewJob, grant: Grant, credential: string | undefined): Promise<Job> {
    const { store, now, timeZone, assertAgent, deliveries, bus, table } = this.#o;
    const { id = createId("cron"), agent = "main" } = wish;
    assertAgent(agent);
    buildSessionKey({ form: "task", agent, source: "cron", id });
    const spec: Job["spec"] = {
      schedule: resolveSchedule(wish.schedule, now(), timeZone),
      message: wish.message,
      deliver: wish.deliver ? await deliveries.check(wish.deliver) : null,
      model: wish.model ?? null,
      missed: wish.missed ?? "once",
      jitterMs: wish.jitter_ms ?? 0,
      retry: wish.retry ?? { times: 2, backoff_ms: 60_000 },
      untrusted: wish.untrusted === true,
    };
    const enabled = wish.enabled !== false;
    const about = { id, agent, spec, grant, credential: credential ?? null, enabled, lastDue: null, createdAt: now() };
    const job: Job = { ...about, ...this.#times(spec, enabled) };
    await store.write((db) => {
      if (findJob(db, id)) throw new AlephError("conflict", `There is a job "${id}" already`);
      const jobs = listJobs(db);
      const ended = jobs
        .filter((each) => each.enabled && each.nextDue === null)
        .toSorted((a, b) => (b.lastDue ?? 0) - (a.lastDue ?? 0));
      for (const old of ended.slice(KEPT_ENDED - 1)) if (openRuns(db, old.id).length === 0) deleteJob(db, old.id);
      if (jobs.length - ended.length >= table().max_jobs) {
        throw new AlephError("limit_reached", `There are ${table().max_jobs} jobs already`, {
          data: { hint: "Remove one, or raise max_jobs in [cron] of config.toml" },
        });
      }
      saveJob(db, job);
    });
    bus.publish("cron.added", { cron_id: id, next_run_at: job.nextRunAt });
    void this.wake();
    return job;
  }

  /** What is left out stays. A new schedule begins now, and so does one that was paused: what passed meanwhile is not missed. */
  async update(id: string, change: JobChange): Promise<Job> {
    const { store, now, timeZone, assertAgent, deliveries, bus } = this.#o;
    this.get(id);
    if (change.agent !== undefined) assertAgent(change.agent);
    const schedule = change.schedule && resolveSchedule(change.schedule, now(), timeZone);
    const deliver = change.deliver ? await deliveries.check(change.deliver) : change.deliver;
    const job = await store.write((db) => {
      const old = this.get(id);
      const enabled = change.enabled ?? old.enabled;
      const spec: Job["spec"] = {
        ...old.spec,
        ...(schedule ? { schedule } : {}),
        ...(deliver === undefined ? {} : { deliver }),
        ...(change.message === undefined ? {} : { message: change.message, untrusted: false }),
        ...(change.model === undefined ? {} : { model: change.model }),
        ...(change.missed === undefined ? {} : { missed: change.missed }),
        ...(change.jitter_ms === undefined ? {} : { jitterMs: change.jitter_ms }),
        ...(change.retry === undefined ? {} : { retry: change.retry }),
      };
      const isNew = schedule !== undefined || change.jitter_ms !== undefined || (enabled && !old.enabled);
      const times = isNew || !enabled ? this.#times(spec, enabled) : { nextDue: old.nextDue, nextRunAt: old.nextRunAt };
      const made: Job = { ...old, agent: change.agent ?? old.agent, spec, enabled, ...times };
      saveJob(db, made);
      if (old.enabled && !enabled) dropWaiting(db, id, now());
      if (deliver !== undefined && !(deliver && "webhook" in deliver)) dropDeliveries(db, id);
      return made;
    });
    bus.publish("cron.updated", { cron_id: id, enabled: job.enabled, next_run_at: job.nextRunAt });
    void this.wake();
    return job;
  }

  /** With its history. A run that goes goes on; nobody is told of its end. */
  async remove(id: string): Promise<void> {
    await this.#o.store.write((db) => {
      this.get(id);
      deleteJob(db, id);
    });
    this.#o.bus.publish("cron.removed", { cron_id: id });
    void this.wake();
  }

  /** At once, besides its schedule. Throws `conflict` while a run of it goes. */
  async run(id: string): Promise<RunRow> {
    const { store, now } = this.#o;
    const rowId = await store.write((db) => {
      this.get(id);
      if (openRuns(db, id).length > 0) {
        throw new AlephError("conflict", `A run of "${id}" goes already`, { data: { hint: "cron.history shows it" } });
      }
      return insertRun(db, { job_id: id, due_at: now(), cause: "manual", status: "waiting", next_at: now() })!;
    });
    await this.#serial(async () => {
      const row = findRunRow(store.db, rowId);
      if (row?.status === "waiting" && !this.#stopped.signal.aborted) await this.#begin(row);
    });
    void this.wake();
    const row = findRunRow(store.db, rowId);
    if (!row) throw new AlephError("conflict", `"${id}" was removed`);
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#timer?.[Symbol.dispose]();
    await this.#serial(async () => undefined);
    await Promise.all(this.#working);
  }

  async #finish(runId: string, rowId: number): Promise<void> {
    try {
      await this.#endings.finish(rowId, this.#o.runs.find(runId));
    } catch (thrown) {
      this.#o.log.error("job could not be ended", { run_id: runId, ...describeError(thrown) });
      this.#finishLater(runId, rowId);
    }
  }

  #finishLater(runId: string, rowId: number): void {
    this.#unwritten.set(runId, { rowId, since: this.#o.now() });
    this.#sleep();
  }

  #times(spec: Job["spec"], enabled: boolean): Pick<Job, "nextDue" | "nextRunAt"> {
    return enabled ? timesAfter({ spec }, this.#o.now(), this.#o.random) : { nextDue: null, nextRunAt: null };
  }

  /** Until there is something to do; after a failure for `restMs`, whatever there is. */
  #sleep(restMs?: number): void {
    const { timer, table } = this.#o;
    if (this.#stopped.signal.aborted || this.#timer || !table().enabled) return;
    const ms = restMs ?? this.#untilNext();
    if (ms === null) return;
    this.#timer = timer(ms, () => void this.wake());
  }

  #untilNext(): number | null {
    const { store, now } = this.#o;
    const at = nextWake(store.db) ?? (this.#unwritten.size > 0 ? Number.POSITIVE_INFINITY : null);
    return at === null ? null : Math.max(0, Math.min(at - now(), LONGEST_SLEEP_MS));
  }

  async #work(): Promise<void> {
    const { store, now, random, table } = this.#o;
    for (const [runId, { rowId, since }] of this.#unwritten) {
      if (Math.abs(now() - since) < AGAIN_MS) continue;
      this.#unwritten.delete(runId);
      await this.#finish(runId, rowId);
    }
    const at = nextWake(store.db);
    const isSetBack = now() < this.#seen;
    this.#seen = now();
    if (at === null || (at > now() && !isSetBack)) return;
    const { max_missed: maxMissed, history } = table();
    const skipped = await store.write((db) => claimDue(db, { now: now(), maxMissed, history, random }));
    for (const each of skipped) this.#tellSkipped(each);
    for (const row of runsToStart(store.db, now())) await this.#begin(row);
    for (const row of deliveriesDue(store.db, now())) {
      // Held back until it is known how this attempt went.
      store.writeRelaxed((db) =>
        db.query("UPDATE cron_run SET delivery_at = ? WHERE id = ?").run(now() + 60_000, row.id),
      );
      this.#track(this.#endings.post(row, this.#stopped.signal).then(() => this.wake()));
    }
  }

  #tellSkipped({ cronId, dueAt, reason, times }: Skipped): void {
    this.#o.bus.publish("cron.skipped", { cron_id: cronId, due_at: dueAt, reason, times });
  }

  /** Makes the run of a claim. What cannot be made now is tried again, or has failed. */
  async #begin(row: RunRow): Promise<void> {
    const { store, runner, bus, log, now } = this.#o;
    const job = findJob(store.db, row.job_id);
    if (!job) return;
    const { id, agent, grant, credential, spec } = job;
    const sessionKey = buildSessionKey({ form: "task", agent, source: "cron", id });
    const params: RunParams = {
      message: spec.message,
      session_key: sessionKey,
      idempotency_key: `cron:${id}:${row.due_at}:${row.id}.${row.attempt}`,
      ...(spec.model === null ? {} : { model: spec.model }),
    };
    try {
      const { run_id } = await runner.start(params, grant, credential ?? undefined, {
        untrusted: spec.untrusted,
        also: (db, runId) => {
          if (runId === undefined) return;
          const change = { status: "running", run_id: runId, started_at: now(), next_at: null } as const;
          // Removed meanwhile: then there is no run either.
          if (!changeRun(db, row.id, "waiting", change)) throw new AlephError("cancelled", "Its job was removed");
          this.#going.set(runId, row.id);
        },
      });
      bus.publish("cron.started", { cron_id: id, due_at: row.due_at, run_id, session_key: sessionKey }, { sessionKey });
    } catch (thrown) {
      const { reason, message, data } = AlephError.from(thrown);
      if (reason === "cancelled" || this.#stopped.signal.aborted) return;
      // The server stops: the next one begins it.
      if (reason === "overloaded" && data.retry_after_ms === undefined) return this.#stopped.abort();
      log.warn("job could not be started", { cron_id: id, ...describeError(thrown) });
      if (ERRORS[reason].retryable) {
        await store.write((db) => changeRun(db, row.id, "waiting", { next_at: now() + AGAIN_MS, note: message }));
      } else {
        await this.#endings.settle(row, job, "waiting", {
          status: "failed",
          text: `It could not be started: ${message}`,
          untrusted: false,
        });
      }
    }
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((thrown: unknown) => this.#o.log.error("job could not be ended", describeError(thrown)))
      .finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }
}
