/** How a run of a job ends: what is said of it goes where it belongs in the transaction that says that it has ended. */
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import { readRunMessages } from "../session/messages.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Deliveries, Delivery } from "./delivery.ts";
import { changeRun, findJob, findRunRow, type Job, pruneRuns, type RunRow } from "./records.ts";

export interface EndingsOptions {
  readonly store: Store;
  readonly deliveries: Pick<Deliveries, "check" | "prepare" | "post">;
  /** `[cron]`. */
  readonly table: () => { readonly history: number };
  /** Whether the workspace of this agent is one that a stranger may have filled. */
  readonly isForeign: (agent: string) => boolean;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const WEBHOOK_TRIES = 8;
const WEBHOOK_RETRIES = { firstMs: 5000, factor: 3, longestMs: 86_400_000 };

export class Endings {
  readonly #o: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#o = options;
  }

  /** What becomes of a row whose run has ended; undefined where the run is gone. */
  async finish(rowId: number, run: StoredRun | undefined): Promise<void> {
    const { store } = this.#o;
    const row = findRunRow(store.db, rowId);
    const job = row && findJob(store.db, row.job_id);
    if (row?.status !== "running" || !job) return;
    if (!run || run.status === "queued" || run.status === "running") {
      return this.settle(row, job, "running", { status: "interrupted", text: "Its run is gone", untrusted: false });
    }
    if (run.status === "failed" && (await this.#retries(row, job, run))) return;
    const untrusted = run.request.tainted === true || this.#isTouched(run, job);
    await this.settle(row, job, "running", { status: run.status, text: textOf(run), untrusted });
  }

  /** What has called a tool may have had its effect, what was refused will be refused again, and what is paused rests. */
  async #retries({ id, attempt }: RunRow, { enabled, spec: { retry } }: Job, run: StoredRun): Promise<boolean> {
    const { store, now, log } = this.#o;
    const reason: Reason = run.error?.reason ?? "internal";
    if (!enabled || attempt > retry.times || reason === "budget_exceeded" || reason === "limit_reached") return false;
    if (readRunMessages(store.db, run.id).some(({ role }) => role === "tool")) return false;
    const next_at = now() + retry.backoff_ms * 2 ** (attempt - 1);
    const note = run.error?.message ?? "";
    const change = { status: "waiting", attempt: attempt + 1, next_at, run_id: null, note } as const;
    await store.write((db) => changeRun(db, id, "running", change));
    log.info("job is tried again", { run_id: run.id, attempt: attempt + 1 });
    return true;
  }

  /** The end of it, and what is said of it, in one transaction. */
  async settle(
    row: RunRow,
    job: Job,
    from: "waiting" | "running",
    end: { readonly status: "completed" | "failed" | "cancelled" | "interrupted"; text: string; untrusted: boolean },
  ): Promise<void> {
    const { store, deliveries, now, bus, table, log } = this.#o;
    const { status, text, untrusted } = end;
    const deliver = status === "cancelled" ? null : job.spec.deliver;
    const said =
      status === "completed"
        ? text
        : `The scheduled job "${job.id}" ${status === "interrupted" ? "was interrupted" : status}. ${text}`.trim();
    let delivery: Delivery | undefined;
    let fault: string | null = null;
    if (deliver && !("webhook" in deliver) && said.trim() !== "") {
      try {
        delivery = await deliveries.prepare(deliver, { text: said, untrusted });
      } catch (thrown) {
        fault = AlephError.from(thrown).message;
        log.error("what a job said could not be delivered", { cron_id: job.id, ...describeError(thrown) });
      }
    }
    const isPost = deliver !== null && "webhook" in deliver;
    const payload = isPost ? JSON.stringify(payloadOf(row, job, status, text, now())) : null;
    const isSettled = await store.write((db) => {
      const isHere = changeRun(db, row.id, from, {
        status,
        ended_at: now(),
        next_at: null,
        note: text,
        delivery: isPost ? "pending" : fault !== null ? "failed" : delivery ? "done" : null,
        delivery_error: fault,
        payload,
        ...(isPost ? { delivery_at: now() } : {}),
      });
      if (isHere) delivery?.put(db);
      pruneRuns(db, job.id, table().history);
      return isHere;
    });
    if (!isSettled) return;
    delivery?.announce();
    bus.publish("cron.ended", { cron_id: job.id, due_at: row.due_at, run_id: row.run_id, status });
  }

  /** Brings to its webhook what waits there. Resolves when that is written down. */
  async post(row: RunRow, stop: AbortSignal): Promise<void> {
    const { store, deliveries, now, log } = this.#o;
    const deliver = findJob(store.db, row.job_id)?.spec.deliver;
    if (!deliver || !("webhook" in deliver) || row.payload === null) return;
    const key = `cron:${row.job_id}:${row.due_at}:${row.id}`;
    try {
      await deliveries.post(deliver, key, row.payload, stop);
      await store.write((db) => changeDelivery(db, row.id, "done", null, null));
    } catch (thrown) {
      if (stop.aborted) return;
      const { reason, message, data } = AlephError.from(thrown);
      log.warn("webhook of a job was not reached", { cron_id: row.job_id, ...describeError(thrown) });
      const isLast =
        row.delivery_attempts + 1 >= WEBHOOK_TRIES || reason === "forbidden" || reason === "invalid_params";
      const again = isLast ? null : now() + retryAfter(row.delivery_attempts, WEBHOOK_RETRIES, data.retry_after_ms);
      await store.write((db) => changeDelivery(db, row.id, isLast ? "failed" : "pending", again, message));
    }
  }

  #isTouched({ id }: StoredRun, { agent, spec }: Job): boolean {
    if (spec.untrusted || this.#o.isForeign(agent)) return true;
    return readRunMessages(this.#o.store.db, id).some(({ parts }) =>
      parts.some((part) => "untrusted" in part && part.untrusted === true),
    );
  }
}

function changeDelivery(db: Store["db"], id: number, to: string, at: number | null, error: string | null): void {
  db.query(
    `UPDATE cron_run SET delivery = ?2, delivery_at = ?3, delivery_error = ?4, delivery_attempts = delivery_attempts + 1,
       payload = CASE WHEN ?2 = 'pending' THEN payload END WHERE id = ?1 AND delivery = 'pending'`,
  ).run(id, to, at, error);
}

function textOf({ text, error, status }: StoredRun): string {
  const said = text?.trim() ?? "";
  if (status === "completed") return said === "" ? "(No answer)" : said;
  return [error?.message ?? "", said].filter((part) => part !== "").join("\n\n");
}

function payloadOf({ due_at, run_id }: RunRow, { id, agent }: Job, status: string, text: string, ts: number) {
  const session_key = buildSessionKey({ form: "task", agent, source: "cron", id });
  return { event: "cron.ended", cron_id: id, due_at, run_id, session_key, status, text, ts };
}
