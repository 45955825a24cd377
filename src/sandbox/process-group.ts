/** The processes of one command: started here and nowhere else, ended all together. */
import type { FileSink } from "bun";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { OutputCapture } from "./output.ts";
import { signalGroup } from "./send-signal.ts";
import { killMarked } from "./stragglers.ts";

export interface GroupOptions {
  readonly cwd: string;
  /** All that the processes see of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** 0 means no limit. */
  readonly timeoutMs: number;
  /** Default: with nothing that confines it. */
  readonly start?: StartProcess;
}

/** Resolves when it runs. Throws `not_found` when it cannot be started. */
export type StartProcess = (
  argv: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly stdin: "ignore" | "pipe";
  },
) => Promise<GroupChild>;

/** One process and all that it starts. Disposing ends them and waits for that. */
export interface GroupChild extends AsyncDisposable {
  readonly stdin: FileSink | undefined;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<Exit>;
  /** The whole group. */
  kill(signal: NodeJS.Signals): void;
}

/** How the last process of a pipeline ended. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Between the polite signal and the one that cannot be ignored. */
const GRACE_MS = 500;
/** How long output may still come after a process ended, from others that hold its pipes. */
const LINGER_MS = 200;
/** Set in the environment of all, so that those that left their process group are found. */
export const COMMAND_MARK = "ALEPH_COMMAND";

/**
 * Processes lead groups of their own, which are killed as a whole on abort, after the time limit and at the end: nothing
 * that a command started outlives it. `[Symbol.asyncDispose]` resolves when all are gone.
 */
export class ProcessGroup implements AsyncDisposable {
  readonly #options: GroupOptions;
  readonly #id = crypto.randomUUID();
  readonly #children = new Set<GroupChild>();
  readonly #stop = () => this.#end();
  readonly #timer: Timer | undefined;
  #killer: Timer | undefined;
  #ending = false;
  timedOut = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#stop, { once: true });
    if (options.signal.aborted) this.#end();
    if (options.timeoutMs > 0) {
      const late = () => {
        this.timedOut = true;
        this.#end();
      };
      this.#timer = setTimeout(late, Math.min(options.timeoutMs, LONGEST_TIMER_MS));
    }
  }

  /** Whether it was told to end; what is started then ends at once. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Runs programs with the output of each as the input of the next. Resolves when all have ended. */
  async run(pipeline: readonly (readonly string[])[], output: OutputCapture): Promise<Exit> {
    const starting = pipeline.map((argv, index) => this.#start(argv, index === 0 ? "ignore" : "pipe"));
    await Promise.allSettled(starting);
    const children = await Promise.all(starting);
    const work = children.map((child, index) => this.#tend(child, children[index + 1], output));
    await Promise.all(work);
    return await children.at(-1)!.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#stop);
    clearTimeout(this.#timer);
    clearTimeout(this.#killer);
    this.#kill("SIGKILL");
    await Promise.all([...this.#children].map((child) => child[Symbol.asyncDispose]()));
    await this.#killStragglers();
  }

  async #start(argv: readonly string[], stdin: "ignore" | "pipe"): Promise<GroupChild> {
    const { cwd, env, start = startBare } = this.#options;
    const child = await start(argv, { cwd, env: { ...env, [COMMAND_MARK]: this.#id }, stdin });
    this.#children.add(child);
    if (this.#ending) child.kill("SIGKILL");
    return child;
  }

  async #tend(child: GroupChild, next: GroupChild | undefined, output: OutputCapture): Promise<void> {
    const stdout = child.stdout.getReader();
    const stderr = child.stderr.getReader();
    const reading = Promise.all([
      next ? feed(stdout, child, next) : drain(stdout, output.stream()),
      drain(stderr, output.stream()),
    ]);
    await child.exited;
    // A pipe may still be held by a process that the child left behind.
    const linger = Promise.withResolvers<void>();
    const timer = setTimeout(linger.resolve, LINGER_MS);
    await Promise.race([reading, linger.promise]);
    clearTimeout(timer);
    await child[Symbol.asyncDispose]();
    await Promise.all([stdout, stderr].map((reader) => reader.cancel().catch(() => {}))); // Closed already: nothing to cancel.
    await reading;
    this.#children.delete(child);
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#kill("SIGTERM");
    this.#killer = setTimeout(() => {
      this.#kill("SIGKILL");
      void this.#killStragglers();
    }, GRACE_MS);
  }

  /** Where nothing keeps processes in their group. What starts them otherwise ends them too. */
  async #killStragglers(): Promise<void> {
    if (!this.#options.start) await killMarked(COMMAND_MARK, this.#id);
  }

  #kill(signal: "SIGTERM" | "SIGKILL"): void {
    for (const child of this.#children) child.kill(signal);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function startBare(argv: readonly string[], options: Parameters<StartProcess>[1]): Promise<GroupChild> {
  try {
    const child = Bun.spawn([...argv], {
      ...options,
      stdout: "pipe",
      stderr: "pipe",
      // Leads a session and a process group, so that its children can be killed with it.
      detached: true,
      windowsHide: true,
    });
    const exited = child.exited.then(() => ({
      exitCode: child.signalCode === null ? child.exitCode : null,
      signal: child.signalCode === null ? null : String(child.signalCode),
    }));
    return {
      stdin: options.stdin === "pipe" ? (child.stdin as FileSink) : undefined,
      stdout: child.stdout,
      stderr: child.stderr,
      exited,
      kill: (signal) => void signalGroup(child.pid, signal),
      async [Symbol.asyncDispose]() {
        signalGroup(child.pid, "SIGKILL");
        await exited;
      },
    };
  } catch (cause) {
    throw new AlephError("not_found", `Program "${argv[0]}" cannot be started in this folder`, { cause });
  }
}

async function drain(reader: Reader, write: (chunk: Uint8Array) => void): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    write(value);
  }
}

const GONE = new Error("The next program of the pipe has ended");

/** Moves one program's output into the next. When that one stops reading, the writer gets SIGPIPE as in a shell. */
async function feed(reader: Reader, from: GroupChild, to: GroupChild): Promise<void> {
  const stdin = to.stdin!;
  const gone = new AbortController();
  void to.exited.then(() => gone.abort());
  // Not a race with the exit: one promise for all pieces would keep each of them until then.
  const unlessGone = <T>(work: T | Promise<T>) => unlessAborted(Promise.resolve(work), gone.signal, () => GONE);
  try {
    for (;;) {
      const read = await unlessGone(reader.read());
      if (read.done) return await endInput(stdin);
      await unlessGone(stdin.write(read.value));
      await unlessGone(stdin.flush());
    }
  } catch (thrown) {
    if (thrown !== GONE && !isBrokenPipe(thrown)) throw thrown;
  }
  from.kill("SIGPIPE");
  await endInput(stdin);
}

async function endInput(stdin: FileSink): Promise<void> {
  try {
    await stdin.end();
  } catch (thrown) {
    if (!isBrokenPipe(thrown)) throw thrown;
  }
}

function isBrokenPipe(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "EPIPE" || thrown.code === "ECONNRESET");
}
