/** The processes of one command: started here and nowhere else, ended all together. */
import type { FileSink, Subprocess } from "bun";
import { AlephError } from "../protocol/errors.ts";
import type { OutputCapture } from "./output.ts";
import { killMarked } from "./stragglers.ts";

export interface GroupOptions {
  readonly cwd: string;
  /** All that the processes see of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** 0 means no limit. */
  readonly timeoutMs: number;
}

/** How the last process of a pipeline ended. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

type Child = Subprocess<"ignore" | "pipe", "pipe", "pipe">;

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
  readonly #children = new Set<Child>();
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
      this.#timer = setTimeout(() => {
        this.timedOut = true;
        this.#end();
      }, options.timeoutMs);
    }
  }

  /** Whether it was told to end; what is started then ends at once. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Runs programs with the output of each as the input of the next. Resolves when all have ended. */
  async run(pipeline: readonly (readonly string[])[], output: OutputCapture): Promise<Exit> {
    const children: Child[] = [];
    for (const [index, argv] of pipeline.entries()) children.push(this.#start(argv, index === 0 ? "ignore" : "pipe"));
    const work = children.map((child, index) => this.#tend(child, children[index + 1], output));
    await Promise.all(work);
    const last = children.at(-1)!;
    return {
      exitCode: last.signalCode === null ? last.exitCode : null,
      signal: last.signalCode === null ? null : String(last.signalCode),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#stop);
    clearTimeout(this.#timer);
    clearTimeout(this.#killer);
    this.#kill("SIGKILL");
    await Promise.all([...this.#children].map((child) => child.exited));
    await killMarked(COMMAND_MARK, this.#id);
  }

  #start(argv: readonly string[], stdin: "ignore" | "pipe"): Child {
    const { cwd, env } = this.#options;
    try {
      const child = Bun.spawn([...argv], {
        cwd,
        env: { ...env, [COMMAND_MARK]: this.#id },
        stdin,
        stdout: "pipe",
        stderr: "pipe",
        // Leads a session and a process group, so that its children can be killed with it.
        detached: true,
        windowsHide: true,
      });
      this.#children.add(child);
      if (this.#ending) kill(child, "SIGKILL");
      return child;
    } catch (cause) {
      throw new AlephError("not_found", `Program "${argv[0]}" cannot be started in this folder`, { cause });
    }
  }

  async #tend(child: Child, next: Child | undefined, output: OutputCapture): Promise<void> {
    const stdout: Reader = child.stdout.getReader();
    const stderr: Reader = child.stderr.getReader();
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
    kill(child, "SIGKILL");
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
      void killMarked(COMMAND_MARK, this.#id);
    }, GRACE_MS);
  }

  #kill(signal: "SIGTERM" | "SIGKILL"): void {
    for (const child of this.#children) kill(child, signal);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Signals the whole process group of a child. */
function kill(child: Child, signal: NodeJS.Signals): void {
  try {
    // Windows has no process groups to signal.
    process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
  } catch (thrown) {
    // ESRCH: all of them ended already. EPERM: macOS says so of a group in which only zombies are left.
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code !== "ESRCH" && code !== "EPERM") throw thrown;
  }
}

async function drain(reader: Reader, write: (chunk: Uint8Array) => void): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    write(value);
  }
}

/** Moves one program's output into the next. When that one stops reading, the writer gets SIGPIPE as in a shell. */
async function feed(reader: Reader, from: Child, to: Child): Promise<void> {
  const stdin = to.stdin as FileSink;
  const gone = to.exited.then(() => undefined);
  try {
    for (;;) {
      const read = await Promise.race([reader.read(), gone]);
      if (read === undefined) break;
      if (read.done) return await endInput(stdin);
      await Promise.race([stdin.write(read.value), gone]);
      await Promise.race([stdin.flush(), gone]);
    }
  } catch (thrown) {
    if (!isBrokenPipe(thrown)) throw thrown;
  }
  kill(from, "SIGPIPE");
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
