/** Questions to a person about a tool call, with their answers: kept on disk, answered once, never assumed. */
import { describeError, type Log } from "../lib/log.ts";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Identity } from "../protocol/identity.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import { approvalOf, findEarlier, insert, type Row, requestedEvent, rowOf, settle } from "./approval-rows.ts";
import { digestsOf, findGrant, type Grant, insertGrant, listGrants, removeGrant } from "./grants.ts";

export const DECISIONS = ["once", "session", "always", "deny"] as const;
export type Decision = (typeof DECISIONS)[number];
/** How a question ended. */
export type Answer = Decision | "expired" | "cancelled";

export const APPROVAL_STATUSES = ["pending", "approved", "denied", "expired", "cancelled"] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** A question as clients see it. */
export interface Approval {
  readonly approval_id: string;
  readonly tool: string;
  readonly plan: unknown;
  readonly reason: string;
  /** What "always" would allow; null: it is not offered; absent: exactly this plan. */
  readonly pattern?: Readonly<Record<string, unknown>> | null;
  readonly run_id: string | null;
  readonly call_id: string | null;
  readonly session_key: string | null;
  readonly status: ApprovalStatus;
  readonly decision?: Answer;
  readonly created_at: number;
  readonly expires_at: number;
}

export interface Question {
  readonly tool: string;
  /** All that will happen; what is shown is what runs. */
  readonly plan: Readonly<Record<string, unknown>>;
  readonly reason: string;
  /** As `Prepared.pattern`. */
  readonly pattern?: Readonly<Record<string, unknown>> | null;
  readonly runId: string | null;
  readonly callId: string;
  readonly sessionKey: string;
  readonly workspace: string;
  readonly identity: Identity;
  readonly ttlMs: number;
}

/** Where approvals live: one database on disk, and one in memory for sessions of which nothing is kept. */
export interface ApprovalStores {
  of(sessionKey: string): Store;
  all(): readonly Store[];
}

export interface ApprovalsOptions {
  readonly stores: ApprovalStores;
  readonly bus: Publisher;
  readonly log: Log;
  readonly now: () => number;
}

/** In `approval.pattern`: "always" is not offered. */
const NOT_OFFERED = "null";
/** The most rows that one list gives. */
const LIST_LIMIT = 1000;

export class Approvals {
  readonly #stores: ApprovalStores;
  readonly #bus: Publisher;
  readonly #log: Log;
  readonly #now: () => number;
  /** Who waits for an answer in this process, by approval id. */
  readonly #waiting = new Map<string, (answer: Answer | "left") => void>();
  /** Answers to questions of an earlier process that were given in this one, and have been used. */
  readonly #used = new Set<string>();
  readonly #bornAt: number;
  #isLeaving = false;

  constructor({ stores, bus, log, now }: ApprovalsOptions) {
    this.#stores = stores;
    this.#bus = bus;
    this.#log = log;
    this.#now = now;
    this.#bornAt = now();
  }

  /**
   * Asks, and resolves with the answer. An earlier `session` for exactly the same plan answers at once, and so does an
   * `always` for the same pattern.
   * The question is on disk before anyone sees it. `expired` after `ttlMs`, `cancelled` when `signal` aborts; both
   * mean no. `left` when the server stops: the question stays open, and the same call finds it again after the restart.
   * Throws `storage_failed` when the question could not be kept: then nothing was asked.
   */
  async request(question: Question, signal: AbortSignal): Promise<Answer | "left"> {
    if (signal.aborted) return "cancelled";
    const store = this.#stores.of(question.sessionKey);
    const digests = digestsOf(question);
    const granted = findGrant(store.db, digests, question.sessionKey);
    if (granted) return granted;
    const earlier = await this.#earlier(store, question, digests.plan);
    if (earlier?.decision) return earlier.decision;
    const row = earlier ?? rowOf(question, digests, this.#now());
    const { promise, resolve } = Promise.withResolvers<Answer | "left">();
    const stop = () => void this.#close(row, "cancelled");
    let timer: Timer | undefined;
    // Before the row is there: whoever lists it may answer at once.
    this.#waiting.set(row.id, resolve);
    try {
      if (!earlier) await store.write((db) => insert(db, row));
      const isOpen = this.get(row.id).status === "pending";
      if (!earlier && isOpen) {
        this.#bus.publish("approval.requested", requestedEvent(row), { sessionKey: question.sessionKey });
      }
      if (this.#isLeaving && isOpen) return "left";
      const left = Math.max(0, row.expires_at - this.#now());
      timer = setTimeout(() => void this.#close(row, "expired"), Math.min(left, LONGEST_TIMER_MS));
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      this.#waiting.delete(row.id);
    }
  }

  /** Newest last. */
  list({ status }: { readonly status?: ApprovalStatus } = {}): Approval[] {
    return this.#stores
      .all()
      .flatMap((store) =>
        store.db
          .query<Row, [string | null, number]>(
            "SELECT * FROM approval WHERE ?1 IS NULL OR status = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2",
          )
          .all(status ?? null, LIST_LIMIT),
      )
      .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
      .map(approvalOf);
  }

  /** Throws `not_found`. */
  get(approvalId: string): Approval {
    return approvalOf(this.#find(approvalId).row);
  }

  /**
   * Answers a question; resolves when the answer is on disk. The first answer counts: throws `conflict` when there is
   * one, `not_found` when there was no such question, `invalid_params` for an `always` that was not offered. Of an
   * ephemeral session nothing is kept, so there `always` lasts only as long as the process.
   */
  async resolve({
    approvalId,
    decision,
    by,
  }: {
    approvalId: string;
    decision: Decision;
    by: string;
  }): Promise<Approval> {
    const { row, store } = this.#find(approvalId);
    const now = this.#now();
    if (decision === "always" && row.pattern === NOT_OFFERED) {
      throw new AlephError(
        "invalid_params",
        "This cannot be allowed for always: what it runs is not all in its words",
        {
          data: { hint: 'Answer "once" or "session"' },
        },
      );
    }
    // A question whose time is over must not be answered by a timer's luck.
    if (row.status === "pending" && now >= row.expires_at) await this.#close(row, "expired");
    const settled = await store.write((db) => {
      if (!settle(db, row.id, decision, by, now)) return false;
      if (decision === "session") {
        insertGrant(db, { digest: row.digest, sessionKey: row.session_key, approvalId: row.id }, now);
      }
      if (decision === "always") {
        insertGrant(db, { digest: row.pattern_digest ?? row.digest, sessionKey: null, approvalId: row.id }, now);
      }
      return true;
    });
    if (!settled) {
      const { status } = this.#find(approvalId).row;
      throw new AlephError("conflict", `Approval "${approvalId}" is ${status} already`, { data: { status } });
    }
    this.#announce(row, decision, by);
    return this.get(approvalId);
  }

  /** What was allowed for longer than once and still holds, the oldest first. */
  grants(): Grant[] {
    return this.#stores
      .all()
      .flatMap((store) => listGrants(store.db))
      .sort((a, b) => a.created_at - b.created_at);
  }

  /** Takes one back, from now on; a call that runs already goes on. Throws `not_found`. */
  async revoke({ approvalId, by }: { readonly approvalId: string; readonly by: string }): Promise<Grant> {
    for (const store of this.#stores.all()) {
      const removed = await store.write((db) => removeGrant(db, approvalId));
      if (!removed) continue;
      const about = { approval_id: approvalId, by, session_key: removed.session_key };
      this.#bus.publish(
        "approval.revoked",
        about,
        removed.session_key === null ? {} : { sessionKey: removed.session_key },
      );
      return removed;
    }
    throw new AlephError("not_found", `Approval "${approvalId.slice(0, 80)}" allows nothing any more`, {
      data: { hint: "approvals.grants shows those that do" },
    });
  }

  /** At start: whoever waited for these answers is gone with the earlier process, but for the runs that go on. */
  async expireAll(goingOn: ReadonlySet<string> = new Set()): Promise<void> {
    for (const row of this.#pending()) {
      if (row.run_id === null || !goingOn.has(row.run_id)) await this.#close(row, "expired");
    }
  }

  /** At a stop: the questions stay, whoever waits is told to go. */
  leave(): void {
    this.#isLeaving = true;
    for (const go of this.#waiting.values()) go("left");
  }

  /**
   * The question that this very call asked before a restart; with its answer when that came before the call asked again,
   * which counts once. One about something else is over.
   */
  async #earlier(store: Store, { runId, callId }: Question, digest: string): Promise<Row | undefined> {
    const row = runId === null ? undefined : findEarlier(store.db, runId, callId, this.#bornAt);
    if (!row || this.#waiting.has(row.id) || this.#used.has(row.id)) return undefined;
    if (row.digest === digest) {
      if (row.decision) this.#used.add(row.id);
      return row;
    }
    if (row.status === "pending") await this.#close(row, "expired");
    return undefined;
  }

  #pending(): Row[] {
    return this.#stores
      .all()
      .flatMap((store) => store.db.query<Row, []>("SELECT * FROM approval WHERE status = 'pending'").all());
  }

  /** Ends a question without a person. Whoever waits hears of it even if it cannot be written down. */
  async #close(row: Row, answer: "expired" | "cancelled"): Promise<void> {
    try {
      const store = this.#find(row.id).store;
      const closed = await store.write((db) => settle(db, row.id, answer, null, this.#now()));
      // Otherwise a person's answer came first, and its own announcement is under way.
      if (closed) this.#announce(row, answer, null);
    } catch (thrown) {
      this.#log.error("approval could not be closed", { approval_id: row.id, answer, ...describeError(thrown) });
      this.#waiting.get(row.id)?.(answer);
    }
  }

  #announce(row: Row, answer: Answer, by: string | null): void {
    const about = { run_id: row.run_id, session_key: row.session_key };
    this.#bus.publish(
      "approval.resolved",
      { approval_id: row.id, decision: answer, by, ...about },
      row.session_key === null ? {} : { sessionKey: row.session_key },
    );
    this.#waiting.get(row.id)?.(answer);
  }

  #find(approvalId: string): { row: Row; store: Store } {
    for (const store of this.#stores.all()) {
      const row = store.db.query<Row, [string]>("SELECT * FROM approval WHERE id = ?").get(approvalId);
      if (row) return { row, store };
    }
    throw new AlephError("not_found", `Approval "${approvalId.slice(0, 80)}" does not exist`, {
      data: { hint: "approvals.list shows those that wait" },
    });
  }
}
