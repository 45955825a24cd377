/** Runs on disk: what was asked, how far it came, how it ended. */
import type { Database } from "bun:sqlite";
import { AlephError, type Reason } from "../protocol/errors.ts";
import { guestFailure } from "../protocol/guest-failure.ts";
import type { Grant } from "../protocol/identity.ts";
import type { ThinkingLevel, Usage } from "../protocol/message.ts";
import { hintFor } from "../protocol/provider-hint.ts";
import type { Run, RunStatus, WireFailure } from "../protocol/run.ts";
import type { DirectCall } from "../sdk/command.ts";
import type { Stores } from "./stores.ts";

/** What a run needs to start or to go on after a restart. */
export interface RunRequest {
  readonly grant: Grant;
  /** Names what the grant came from. */
  readonly credential?: string;
  /** The user's message that the run answers. */
  readonly messageId: number;
  readonly model?: string;
  readonly thinking?: ThinkingLevel;
  /** Whether what providers are asked and answer is kept for a replay; the config says so if it does not. */
  readonly record?: boolean;
  /** What answers instead of a model: a command, or what a plugin said when the message came. */
  readonly direct?: { readonly call: DirectCall } | { readonly answer: string };
  /** Of a subagent: who started it, and what it may. */
  readonly spawned?: Spawned;
  /** Content from outside may be in what was asked, whatever the messages say. */
  readonly tainted?: true;
  /** How often a restart took it up again. */
  readonly resumed: number;
}

/** Ends a run, or the run and those that it started, at the first that is reached. */
export interface RunLimits {
  readonly steps: number;
  readonly tokens: number;
  readonly cost_usd: number;
  readonly time_ms: number;
}

/** What makes a run that of a subagent. */
export interface Spawned {
  readonly parentRunId: string;
  readonly parentSessionKey: string;
  /** The session of the person, whose budgets it draws on. */
  readonly rootSessionKey: string;
  /** The agent whose workspace, prompt and model it has. */
  readonly agent: string;
  /** 1 for one that a person's own run started. */
  readonly depth: number;
  /** What it may use at most: no more than its parent had. */
  readonly tools: readonly string[];
  readonly limits: RunLimits;
  /** Whether content from outside was in the run that wrote its task. */
  readonly tainted: boolean;
}

/** Why a run failed; `data` is what the error said besides (attempts, status). */
export interface RunFailure {
  readonly reason: Reason;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface StoredRun {
  readonly id: string;
  readonly sessionId: number;
  readonly sessionKey: string;
  readonly status: RunStatus;
  readonly request: RunRequest;
  readonly model: string | null;
  readonly text: string | null;
  readonly usage: Usage | null;
  readonly error: RunFailure | null;
  readonly steps: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export class Runs {
  readonly #stores: Stores;

  constructor({ stores }: { stores: Stores }) {
    this.#stores = stores;
  }

  find(runId: string): StoredRun | undefined {
    for (const { db } of this.#stores.all()) {
      const run = findRun(db, runId);
      if (run) return run;
    }
    return undefined;
  }

  /** Throws `not_found`. */
  get(runId: string): StoredRun {
    const run = this.find(runId);
    if (run) return run;
    throw new AlephError("not_found", `No run "${runId}"`, { data: { hint: "runs.list shows those that exist" } });
  }

  /** Newest first. */
  list({
    sessionKey,
    status,
    limit,
  }: {
    sessionKey?: string | undefined;
    status?: RunStatus | undefined;
    limit: number;
  }): readonly StoredRun[] {
    const stores = sessionKey === undefined ? this.#stores.all() : [this.#stores.of(sessionKey)];
    return stores
      .flatMap(({ db }) =>
        db
          .query<RunRow, [string | null, string | null, number]>(
            `${SELECT} WHERE (?1 IS NULL OR session.key = ?1) AND (?2 IS NULL OR run.status = ?2)
             ORDER BY run.created_at DESC, run.id DESC LIMIT ?3`,
          )
          .all(sessionKey ?? null, status ?? null, limit),
      )
      .map(runOf)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  /** Runs that an earlier process left queued or running, oldest first. */
  open(): readonly StoredRun[] {
    return this.#stores.durable.db
      .query<RunRow, []>(`${SELECT} WHERE run.status IN ('queued', 'running') ORDER BY run.created_at, run.id`)
      .all()
      .map(runOf);
  }
}

export function insertRun(
  db: Database,
  run: { id: string; sessionId: number; identity: string; request: RunRequest; createdAt: number },
): void {
  db.query(
    "INSERT INTO run (id, session_id, status, identity, request, created_at) VALUES (?, ?, 'queued', ?, ?, ?)",
  ).run(run.id, run.sessionId, run.identity, JSON.stringify(run.request), run.createdAt);
}

/** As `Runs.get`, of one database; undefined when it is not there. */
export function findRun(db: Database, runId: string): StoredRun | undefined {
  const row = db.query<RunRow, [string]>(`${SELECT} WHERE run.id = ?`).get(runId);
  return row ? runOf(row) : undefined;
}

export function setRunRequest(db: Database, runId: string, request: RunRequest): void {
  db.query("UPDATE run SET request = ? WHERE id = ?").run(JSON.stringify(request), runId);
}

export function startRun(db: Database, runId: string, startedAt: number): void {
  db.query("UPDATE run SET status = 'running', started_at = coalesce(started_at, ?) WHERE id = ?").run(
    startedAt,
    runId,
  );
}

export function saveRunProgress(
  db: Database,
  runId: string,
  progress: { steps: number; usage: Usage; model: string | null },
): void {
  db.query("UPDATE run SET steps = ?, usage = ?, model = coalesce(?, model) WHERE id = ?").run(
    progress.steps,
    JSON.stringify(progress.usage),
    progress.model,
    runId,
  );
}

export function endRun(
  db: Database,
  runId: string,
  end: { status: RunStatus; text: string; error?: RunFailure | undefined; endedAt: number },
): void {
  db.query("UPDATE run SET status = ?, text = ?, error = ?, ended_at = ? WHERE id = ?").run(
    end.status,
    end.text,
    end.error ? JSON.stringify(end.error) : null,
    end.endedAt,
    runId,
  );
}

/** As the wire shows it: of the data the next step alone. */
export function toWireFailure({ reason, message, data }: RunFailure): WireFailure {
  const { hint: own, failure, reworded } = data ?? {};
  const hint = own === undefined && typeof failure === "string" ? hintFor(failure) : own;
  return {
    reason,
    message,
    ...(typeof hint === "string" ? { hint } : {}),
    ...(reworded === true ? { reworded } : {}),
  };
}

/** As the wire shows it to whom the grant is of. */
export function shownFailure(error: RunFailure, grant: Pick<Grant, "role"> | undefined): WireFailure {
  const failure = toWireFailure(error);
  return grant?.role === "guest" ? guestFailure(failure) : failure;
}

/** As the wire shows it to whom the grant is of. */
export function toWireRun(run: StoredRun, grant: Pick<Grant, "role"> | undefined): Run {
  return {
    run_id: run.id,
    session_key: run.sessionKey,
    status: run.status,
    model: run.model,
    ...(run.text === null ? {} : { text: run.text }),
    ...(run.usage ? { usage: run.usage } : {}),
    steps: run.steps,
    ...(run.error ? { error: shownFailure(run.error, grant) } : {}),
    created_at: run.createdAt,
    started_at: run.startedAt,
    ended_at: run.endedAt,
  };
}

const SELECT = "SELECT run.*, session.key AS session_key FROM run JOIN session ON session.id = run.session_id";

interface RunRow {
  readonly id: string;
  readonly session_id: number;
  readonly session_key: string;
  readonly status: RunStatus;
  readonly request: string;
  readonly model: string | null;
  readonly text: string | null;
  readonly usage: string | null;
  readonly error: string | null;
  readonly steps: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

function runOf(row: RunRow): StoredRun {
  return {
    id: row.id,
    sessionId: row.session_id,
    sessionKey: row.session_key,
    status: row.status,
    request: JSON.parse(row.request) as RunRequest,
    model: row.model,
    text: row.text,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as Usage),
    error: row.error === null ? null : (JSON.parse(row.error) as RunFailure),
    steps: row.steps,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
