/** The compiled executable as a person starts it. Its path is in ALEPH_EXECUTABLE; without one these tests are skipped. */
import { test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./until.ts";

const path = process.env.ALEPH_EXECUTABLE;

/** `test`, skipped when there is no executable to test. */
export const testExecutable = testExecutableIf(true);

/** The same for what is not possible everywhere. */
export function testExecutableIf(possible: boolean): typeof test {
  return test.skipIf(path === undefined || !possible) as typeof test;
}

export function executablePath(): string {
  if (path === undefined) throw new Error("ALEPH_EXECUTABLE is not set");
  return path;
}

export interface StartOptions {
  readonly home: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to a bare environment: nothing of the machine's reaches the executable. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file to run, when not the executable itself: a link to it. */
  readonly file?: string;
  readonly stdin?: string;
}

export interface ServerOptions extends StartOptions {
  /** What stands before the options. */
  readonly command?: readonly string[];
}

export interface Finished {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

export interface Server extends Running {
  readonly url: string;
  readonly token: string;
}

export function startExecutable({ home, args = [], cwd = home, env = {}, file, stdin }: StartOptions): Running {
  const child = Bun.spawn([file ?? executablePath(), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: home, ALEPH_HOME: home, NO_COLOR: "1", ...env },
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) texts[name] += decoder.decode(chunk, { stream: true });
  };
  const finished = Promise.all([collect("stdout"), collect("stderr"), child.exited]).then(() => ({
    code: child.exitCode ?? -1,
    signal: child.signalCode === null ? null : String(child.signalCode),
    ...texts,
  }));
  return {
    pid: child.pid,
    output: () => texts.stdout + texts.stderr,
    kill: (signal) => child.kill(signal),
    finished,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await finished;
    },
  };
}

/** Runs it to its end. */
export async function runExecutable(options: StartOptions): Promise<Finished> {
  await using running = startExecutable(options);
  return await running.finished;
}

/** Starts a server on a free port and waits until it has announced where it listens. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { command = ["serve"], args = [], ...rest } = options;
  const running = startExecutable({ ...rest, args: [...command, "--port", "0", ...args] });
  let over: Finished | undefined;
  void running.finished.then((finished) => {
    over = finished;
  });
  const url = await until(() => {
    if (over) throw new Error(`The server ended with code ${over.code}\n${over.stdout}${over.stderr}`);
    return announcedUrl(options.home, running.pid);
  });
  const token = readFileSync(join(options.home, "credentials/token"), "utf8").trim();
  return { ...running, url, token };
}

function announcedUrl(home: string, pid: number): string | undefined {
  const path = join(home, "run/server.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as { pid: number; url?: string };
  return record.pid === pid ? record.url : undefined;
}
