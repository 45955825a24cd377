/**
 * The command line, run as a child process: on pipes, and at a terminal that the test types at. From its sources, or the
 * executable that ALEPH_EXECUTABLE names.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";

const SOURCES = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
const COMMAND = process.env.ALEPH_EXECUTABLE ? [process.env.ALEPH_EXECUTABLE] : SOURCES;
const WAIT_MS = 15_000;

export interface CliOptions {
  readonly home: string;
  /** Added to a bare environment: nothing of the machine's reaches the command. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** The name it is called by. Default: `aleph`. */
  readonly name?: string;
  readonly cwd?: string;
  /** Where its output goes instead of `stdout`. */
  readonly output?: string;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function spawnOptions({ home, env = {}, name = "aleph", cwd = home }: CliOptions) {
  return {
    argv0: name,
    cwd,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      ALEPH_HOME: home,
      TZ: "UTC",
      TERM: "xterm-256color",
      // Transpiled sources are shared by all commands, and do not land in the home.
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(tmpdir(), "aleph-test-transpiled"),
      ...env,
    },
  };
}

/** Runs a command to its end, on pipes. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<Finished> {
  const child = Bun.spawn([...COMMAND, ...args], {
    ...spawnOptions(options),
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: options.output === undefined ? "pipe" : Bun.file(options.output),
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    typeof child.stdout === "object" ? new Response(child.stdout).text() : "",
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

export interface RunningCli extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the output so far, once it holds `pattern`. */
  waitFor(pattern: string | RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

export interface StartOptions extends CliOptions {
  /** Standard input is a pipe that nobody writes to or closes. */
  readonly openInput?: boolean;
}

/** Starts a command that goes on; killed at the end of the test. */
export function startCli(args: readonly string[], { openInput, ...options }: StartOptions): RunningCli {
  const child = Bun.spawn([...COMMAND, ...args], {
    ...spawnOptions(options),
    stdin: openInput ? "pipe" : options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = { stdout: "", stderr: "" };
  const arrivals = new Arrivals();
  const collect = async (name: "stdout" | "stderr") => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) {
      texts[name] += decoder.decode(chunk, { stream: true });
      arrivals.wake();
    }
  };
  const finished = Promise.all([child.exited, collect("stdout"), collect("stderr")]).then(([code]) => ({
    code,
    ...texts,
  }));
  return {
    pid: child.pid,
    waitFor: (pattern) =>
      arrivals.until(
        () => {
          const text = texts.stdout + texts.stderr;
          return matchEnd(text, pattern) === undefined ? undefined : text;
        },
        `${pattern}`,
        () => texts.stdout + texts.stderr,
      ),
    kill: (signal) => child.kill(signal),
    finished,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await finished;
    },
  };
}

export interface Screen extends AsyncDisposable {
  readonly pid: number;
  /** Waits until `pattern` is shown behind what was waited for before. Colours and cursor movements are left out. */
  shows(pattern: string | RegExp): Promise<void>;
  type(text: string): void;
  /** All that came, as it came. */
  readonly raw: string;
  /** All that came, without colours and cursor movements. */
  readonly text: string;
  readonly exited: Promise<number>;
}

/** Runs a command at a terminal of its own. */
export function openScreen(args: readonly string[], options: CliOptions & { readonly columns?: number }): Screen {
  const decoder = new TextDecoder();
  const arrivals = new Arrivals();
  let raw = "";
  let seen = 0;
  const plain = () => Bun.stripANSI(raw).replaceAll("\r", "");
  const child = Bun.spawn([...COMMAND, ...args], {
    ...spawnOptions(options),
    terminal: {
      cols: options.columns ?? 80,
      rows: 24,
      data(_terminal, bytes) {
        raw += decoder.decode(bytes, { stream: true });
        arrivals.wake();
      },
    },
  });
  const terminal = child.terminal!;
  return {
    pid: child.pid,
    shows: (pattern) =>
      arrivals
        .until(
          () => {
            const end = matchEnd(plain().slice(seen), pattern);
            if (end === undefined) return undefined;
            seen += end;
            return true;
          },
          `${pattern}`,
          () => plain().slice(seen),
        )
        .then(() => undefined),
    type: (text) => void terminal.write(text),
    get raw() {
      return raw;
    },
    get text() {
      return plain();
    },
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
    },
  };
}

class Arrivals {
  #waiting: (() => void)[] = [];

  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first value of `check` that is there; asked again whenever something has come. */
  async until<T>(check: () => T | undefined, what: string, state: () => string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${what} did not show. What did:\n${state()}`)), WAIT_MS);
    try {
      for (;;) {
        const value = check();
        if (value !== undefined) return value;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#waiting.push(resolve);
        await Promise.race([promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

function matchEnd(text: string, pattern: string | RegExp): number | undefined {
  if (typeof pattern === "string") {
    const at = text.indexOf(pattern);
    return at < 0 ? undefined : at + pattern.length;
  }
  const found = pattern.exec(text);
  return found === null ? undefined : found.index + found[0].length;
}
