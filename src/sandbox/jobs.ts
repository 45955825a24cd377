/** Commands that run on in the background: each belongs to a session, and ends with it or with the server. */
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import { KeptOutput, type OutputPart } from "./kept-output.ts";
import type { CommandEnd, Launcher, RunningCommand, StartOptions, Work } from "./launcher.ts";

export interface JobState {
  readonly job_id: string;
  readonly session_key: string;
  readonly command: string;
  readonly cwd: string;
  readonly pty: boolean;
  /** Whether a stranger may have written what it prints. */
  readonly untrusted: boolean;
  /** Unix milliseconds. */
  readonly started_at: number;
  readonly output_bytes: number;
  /** Left out while it runs. */
  readonly end?: CommandEnd & { readonly at: number; readonly timedOut: boolean };
}

export interface JobsOptions {
  readonly launcher: Pick<Launcher, "start">;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly onStarted?: (job: JobState) => void;
  readonly onEnded?: (job: JobState) => void;
  readonly limits?: Partial<JobLimits>;
}

export interface JobLimits {
  /** That run at a time. */
  readonly perSession: number;
  readonly inAll: number;
  /** That have ended and can still be read. */
  readonly keptPerSession: number;
  /** Bytes of each one's newest output. */
  readonly output: number;
}

export interface JobRequest extends Omit<StartOptions, "onOutput" | "signal"> {
  readonly sessionKey: string;
  readonly command: string;
  readonly untrusted: boolean;
  /** 0 is no limit. */
  readonly timeoutMs: number;
}

interface Job {
  readonly request: JobRequest;
  readonly id: string;
  readonly startedAt: number;
  readonly output: KeptOutput;
  readonly running: RunningCommand;
  readonly ended: Promise<unknown>;
  readonly timer: Timer | undefined;
  timedOut: boolean;
  end: JobState["end"] | undefined;
}

/** Its processes are gone all the same. */
const UNKNOWN_END: CommandEnd = { exitCode: null, signal: null, undone: [], overuse: undefined };
const LIMITS: JobLimits = { perSession: 8, inAll: 32, keptPerSession: 16, output: 1024 * 1024 };

export class Jobs implements AsyncDisposable {
  readonly #o: JobsOptions;
  readonly #limits: JobLimits;
  /** Oldest first. */
  readonly #jobs = new Map<string, Job>();
  readonly #stop = new AbortController();
  readonly #starting = new Set<{ readonly sessionKey: string; isOver: boolean }>();

  constructor(options: JobsOptions) {
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Throws `limit_reached` when too many run, `cancelled` when the session ends meanwhile, and what `Launcher.start` throws. */
  async start(work: Work, request: JobRequest): Promise<JobState> {
    this.#assertRoom(request.sessionKey);
    const output = new KeptOutput(this.#limits.output);
    const starting = { sessionKey: request.sessionKey, isOver: false };
    this.#starting.add(starting);
    let running: RunningCommand;
    try {
      running = await this.#o.launcher.start(work, {
        ...request,
        signal: this.#stop.signal,
        onOutput: (bytes) => output.add(bytes),
      });
    } finally {
      this.#starting.delete(starting);
    }
    if (starting.isOver) {
      await running[Symbol.asyncDispose]();
      throw new AlephError("cancelled", "The session has ended");
    }
    const { timeoutMs } = request;
    const late = () => {
      job.timedOut = true;
      running.signal("SIGKILL");
    };
    const job: Job = {
      request,
      id: createId("job"),
      startedAt: this.#o.now(),
      output,
      running,
      timer: timeoutMs > 0 ? setTimeout(late, timeoutMs) : undefined,
      ended: running.ended.then(
        (end) => this.#onEnd(job, end),
        (thrown: unknown) => {
          this.#o.log.error("what a job left behind could not be put in order", {
            job_id: job.id,
            ...describeError(thrown),
          });
          this.#onEnd(job, UNKNOWN_END);
        },
      ),
      timedOut: false,
      end: undefined,
    };
    this.#jobs.set(job.id, job);
    const state = describe(job);
    this.#o.onStarted?.(state);
    return state;
  }

  /** Of every session, oldest first: for a person. */
  all(): readonly JobState[] {
    return [...this.#jobs.values()].map(describe);
  }

  /** Oldest first. */
  list(sessionKey: string): readonly JobState[] {
    return this.#of(sessionKey).map(describe);
  }

  /** Throws `not_found`, as all below do for a job of another session. */
  get(sessionKey: string, id: string): JobState {
    return describe(this.#find(sessionKey, id));
  }

  read(sessionKey: string, id: string, offset: number, limit: number): OutputPart {
    return this.#find(sessionKey, id).output.read(offset, limit);
  }

  /** Throws `conflict` when it has ended. */
  write(sessionKey: string, id: string, text: string, end: boolean): void {
    const { running } = this.#findRunning(sessionKey, id);
    if (text !== "") running.write(text);
    if (end) running.endInput();
  }

  resize(sessionKey: string, id: string, columns: number, rows: number): void {
    const { running, request } = this.#findRunning(sessionKey, id);
    if (!request.terminal) throw new AlephError("conflict", `Job "${id}" has no terminal`);
    running.resize(columns, rows);
  }

  signal(sessionKey: string, id: string, signal: NodeJS.Signals): void {
    this.#findRunning(sessionKey, id).running.signal(signal);
  }

  /** Resolves when it and all that it started are gone. */
  async kill(sessionKey: string, id: string): Promise<JobState> {
    const job = this.#find(sessionKey, id);
    job.running.signal("SIGKILL");
    await job.ended;
    return describe(job);
  }

  /** Resolves when it has ended, or after `ms`. Throws what `signal` says on abort. */
  async wait(sessionKey: string, id: string, ms: number, signal: AbortSignal): Promise<JobState> {
    const job = this.#find(sessionKey, id);
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    const stop = () => over.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.race([job.ended, over.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
    return describe(job);
  }

  /** Ends and forgets what belongs to a session. */
  async endSession(sessionKey: string): Promise<void> {
    const jobs = this.#of(sessionKey);
    // Those that are about to begin would belong to nobody.
    for (const starting of this.#starting) starting.isOver ||= starting.sessionKey === sessionKey;
    for (const { running } of jobs) running.signal("SIGKILL");
    await Promise.all(jobs.map(({ ended }) => ended));
    for (const { id } of jobs) this.#jobs.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AlephError("cancelled", "The server is stopping"));
    await Promise.all([...this.#jobs.values()].map(({ ended }) => ended));
  }

  #assertRoom(sessionKey: string): void {
    const { perSession, inAll } = this.#limits;
    const running = [...this.#jobs.values()].filter(({ end }) => !end);
    const own = running.filter(({ request }) => request.sessionKey === sessionKey);
    const hint = "End one with the process tool";
    if (own.length >= perSession)
      throw new AlephError("limit_reached", `${perSession} jobs of this session run already`, { data: { hint } });
    if (running.length + this.#starting.size >= inAll)
      throw new AlephError("limit_reached", `${inAll} jobs run already`, { data: { hint } });
  }

  #onEnd(job: Job, end: CommandEnd): void {
    clearTimeout(job.timer);
    job.end = { ...end, at: this.#o.now(), timedOut: job.timedOut };
    const over = this.#of(job.request.sessionKey).filter((other) => other.end);
    for (const { id } of over.slice(0, Math.max(0, over.length - this.#limits.keptPerSession))) this.#jobs.delete(id);
    this.#o.onEnded?.(describe(job));
  }

  #of(sessionKey: string): readonly Job[] {
    return [...this.#jobs.values()].filter(({ request }) => request.sessionKey === sessionKey);
  }

  #find(sessionKey: string, id: string): Job {
    const job = this.#jobs.get(id);
    if (job?.request.sessionKey === sessionKey) return job;
    throw new AlephError("not_found", `No job "${id}" in this session`);
  }

  #findRunning(sessionKey: string, id: string): Job {
    const job = this.#find(sessionKey, id);
    if (job.end) throw new AlephError("conflict", `Job "${id}" has ended`);
    return job;
  }
}

function describe({ id, request, startedAt, output, end }: Job): JobState {
  return {
    job_id: id,
    session_key: request.sessionKey,
    command: request.command,
    cwd: request.cwd,
    pty: request.terminal !== undefined,
    untrusted: request.untrusted,
    started_at: startedAt,
    output_bytes: output.end,
    ...(end ? { end } : {}),
  };
}
