/** Jobs on disk: media that a provider takes its time for. */
import type { MediaPart } from "../protocol/message.ts";
import type { Store } from "../sdk/store.ts";
import type { Stores } from "../session/stores.ts";

export type JobStatus = "starting" | "running" | "done" | "failed";

export interface JobError {
  readonly reason: string;
  readonly message: string;
}

export interface Job {
  readonly id: string;
  readonly identity: string;
  readonly sessionKey: string | null;
  readonly provider: string;
  readonly model: string;
  /** The provider's name of it; null until the provider has taken it. */
  readonly job: string | null;
  readonly status: JobStatus;
  /** From 0 to 1, where the provider tells. */
  readonly progress: number | null;
  readonly media: readonly MediaPart[] | null;
  readonly error: JobError | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type JobChange = Partial<Pick<Job, "job" | "status" | "progress" | "media" | "error">>;

export class Jobs {
  readonly #stores: Stores;
  readonly #now: () => number;

  constructor({ stores, now }: { stores: Stores; now: () => number }) {
    this.#stores = stores;
    this.#now = now;
  }

  find(id: string): Job | undefined {
    for (const { db } of this.#stores.all()) {
      const row = db.query<JobRow, [string]>("SELECT * FROM generation WHERE id = ?").get(id);
      if (row) return jobOf(row);
    }
    return undefined;
  }

  /** Jobs that an earlier process left open. */
  open(): readonly Job[] {
    return this.#stores.durable.db
      .query<JobRow, []>("SELECT * FROM generation WHERE status IN ('starting', 'running') ORDER BY created_at, id")
      .all()
      .map(jobOf);
  }

  /** Resolves when it is on disk. */
  async add(job: Pick<Job, "id" | "identity" | "sessionKey" | "provider" | "model">): Promise<void> {
    const now = this.#now();
    await this.#storeOf(job).write((db) => {
      db.query(
        `INSERT INTO generation (id, identity, session_key, provider, model, status, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'starting', ?, ?)`,
      ).run(job.id, job.identity, job.sessionKey, job.provider, job.model, now, now);
    });
  }

  /** Resolves when it is on disk. */
  async change(job: Pick<Job, "id" | "sessionKey">, change: JobChange): Promise<void> {
    const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value));
    await this.#storeOf(job).write((db) => {
      db.query(
        `UPDATE generation SET job = coalesce(?, job), status = coalesce(?, status), progress = coalesce(?, progress),
           media = coalesce(?, media), error = coalesce(?, error), updated_at = ? WHERE id = ?`,
      ).run(
        change.job ?? null,
        change.status ?? null,
        change.progress ?? null,
        json(change.media),
        json(change.error),
        this.#now(),
        job.id,
      );
    });
  }

  #storeOf({ sessionKey }: Pick<Job, "sessionKey">): Store {
    return sessionKey === null ? this.#stores.durable : this.#stores.of(sessionKey);
  }
}

interface JobRow {
  readonly id: string;
  readonly identity: string;
  readonly session_key: string | null;
  readonly provider: string;
  readonly model: string;
  readonly job: string | null;
  readonly status: JobStatus;
  readonly progress: number | null;
  readonly media: string | null;
  readonly error: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    identity: row.identity,
    sessionKey: row.session_key,
    provider: row.provider,
    model: row.model,
    job: row.job,
    status: row.status,
    progress: row.progress,
    media: row.media === null ? null : (JSON.parse(row.media) as MediaPart[]),
    error: row.error === null ? null : (JSON.parse(row.error) as JobError),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
