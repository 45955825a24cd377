/** What runs in one session and what waits for it: one run at a time, in order; commands have a lane of their own. */
import { AlephError } from "../protocol/errors.ts";
import type { RunParams } from "../protocol/run.ts";
import type { StoredRun } from "../session/runs.ts";
import type { LoopEnd, Steered } from "./loop.ts";

/** Runs that may wait in one session. */
const MAX_QUEUED = 32;

export interface WaitingRun {
  readonly run: StoredRun;
  readonly committed: Promise<unknown>;
}

export class ActiveRun {
  readonly run: StoredRun;
  readonly cancel = new AbortController();
  readonly abort = new AbortController();
  readonly ended = Promise.withResolvers<LoopEnd>();
  /** Whether the server's stop ended it, rather than a person. */
  interrupted = false;
  #steered: Steered[] = [];
  #closed = false;

  constructor(run: StoredRun) {
    this.run = run;
    // Whoever waits hears of a failure; nobody may be waiting.
    this.ended.promise.catch(() => "logged by the runner");
  }

  /** Whether the run takes no more messages: it is about to end. */
  get closed(): boolean {
    return this.#closed;
  }

  steer(message: Steered): void {
    this.#steered.push(message);
  }

  close(): void {
    this.#closed = true;
  }

  takeSteered(): readonly Steered[] {
    return this.#steered.splice(0);
  }
}

export interface Lane {
  /** Its own; the session's key is that of the lane in which models are asked. */
  readonly key: string;
  readonly sessionKey: string;
  active: ActiveRun | undefined;
  readonly queue: WaitingRun[];
}

/** Of the lane in which no model is asked. */
export function directKey(sessionKey: string): string {
  return `direct ${sessionKey}`;
}

export function loadOf(lane: Lane | undefined): { readonly active: string | null; readonly queued: readonly string[] } {
  return { active: lane?.active?.run.id ?? null, queued: lane?.queue.map(({ run }) => run.id) ?? [] };
}

/** Waits for what runs to reach a safe point; aborts what has not within `graceMs`, and waits for its end. */
export async function endAll(lanes: readonly Lane[], graceMs: number): Promise<void> {
  const active = lanes.flatMap((lane) => (lane.active ? [lane.active] : []));
  if (active.length === 0) return;
  const all = Promise.allSettled(active.map(({ ended }) => ended.promise));
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), graceMs);
  if ((await Promise.race([all, late.promise])) === "late") {
    for (const run of active) {
      run.interrupted = true;
      run.abort.abort(new AlephError("cancelled", "Server stops"));
    }
    await all;
  }
  clearTimeout(timer);
}

/** Throws `conflict` for a run that does not want to wait, and `overloaded` when too many do. */
export function refuseBusy(lane: Lane | undefined, mode: NonNullable<RunParams["mode"]>): void {
  if (lane?.active && mode === "reject") {
    throw new AlephError("conflict", "The session has a run already", {
      data: { run_id: lane.active.run.id, hint: 'Use mode "queue" or "steer"' },
    });
  }
  if (lane && lane.queue.length >= MAX_QUEUED) {
    throw new AlephError("overloaded", `${MAX_QUEUED} runs wait in this session already`, {
      data: { retry_after_ms: 5000 },
    });
  }
}

/** What concerns runs that others started. */
export interface Follower {
  /** The run, which may have ended long ago, is not wanted any more. */
  stopping(runId: string, how: "cancel" | "abort"): void;
  stoppingSession(sessionKey: string): void;
  /** It is not under way any more: it has ended, or goes on after a restart. */
  ended(run: StoredRun): void;
}
