/** What runs in one session and what waits for it: one run at a time, in order; commands have a lane of their own. */
import type { StoredRun } from "../session/runs.ts";
import type { LoopEnd, Steered } from "./loop.ts";

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
