/** Runs what the policy has judged, confined as the plan says, in the environment that commands get. */
import { shellQuote } from "../lib/shell-quote.ts";
import { parseSize } from "../lib/size.ts";
import { writeInput } from "../lib/write-input.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import { commandFiles } from "./command-files.ts";
import type { ConfinedChild, Sandbox } from "./confinement.ts";
import type { Lookup } from "./dial.ts";
import { COMMAND_MARK, type Exit } from "./process-group.ts";
import type { CommandProxy } from "./proxy.ts";
import { SetUp } from "./set-up.ts";
import { commandEnvironment, type SpawnResult, type Step, spawnSteps } from "./spawn.ts";
import { removeTemporary, TemporaryFolders } from "./temporary-folders.ts";
import { WorkspaceGuard } from "./workspace-guard.ts";

/** Programs without a shell, or one program. */
export type Work =
  | { readonly mode: "argv"; readonly steps: readonly Step[] }
  | { readonly mode: "shell"; readonly argv: readonly string[] };

/** What a command is let do. */
export interface Leave {
  /** Whether it may change the workspace; otherwise it only looks. */
  readonly writes: boolean;
  /** Hosts, like `connect:https://example.com`. */
  readonly network: readonly string[];
}

/** The same in words that a person is asked about, with the level at which it is enforced. */
export interface SandboxPlan {
  readonly level: SandboxLevel;
  /** What enforces it, or why nothing does. */
  readonly reason: string;
  /** All of what follows in a sentence for people. */
  readonly allows: string;
  /** Besides programs and libraries of the system, and the settings that they need. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** In the workspace, whether they are there or not. */
  readonly never_write: readonly string[];
  readonly network: readonly string[];
  readonly memory_mb: number;
  readonly processes: number;
}

export interface LaunchOptions extends Leave {
  readonly cwd: string;
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** Default: `exec.timeout_ms` of the config; 0 is no limit. */
  readonly timeoutMs?: number;
  /** The plan said that nothing confines it, and it runs all the same. */
  readonly mayRunUnsandboxed?: boolean;
  readonly onOutput: (text: string) => void;
}

export interface StartOptions extends Omit<LaunchOptions, "onOutput" | "timeoutMs"> {
  readonly onOutput: (bytes: Uint8Array) => void;
  /** In characters; left out: pipes. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export interface CommandEnd extends Exit {
  /** Protected paths that it had changed and that were put back. */
  readonly undone: readonly string[];
  /** Why it was ended before its time. */
  readonly overuse: string | undefined;
}

export interface CommandResult extends SpawnResult, Omit<CommandEnd, keyof Exit> {}

/** Disposing kills it with all that it started, and waits for that. */
export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it and all that it started are gone. */
  readonly ended: Promise<CommandEnd>;
  write(text: string): void;
  /** No more will be written. A terminal gets its sign for that. */
  endInput(): void;
  /** Nothing without a terminal. */
  resize(columns: number, rows: number): void;
  signal(signal: NodeJS.Signals): void;
}

export interface Launcher {
  /** What a command would be let do, and how far that can be enforced here. */
  plan(leave: Leave, workspace: string): Promise<SandboxPlan>;
  /**
   * Resolves however it ended, after all of its processes are gone. Throws `not_found` when it cannot be started,
   * `sandbox_denied` when it cannot be confined.
   */
  run(work: Work, options: LaunchOptions): Promise<CommandResult>;
  /** As `run`, and resolves when it has begun. It ends with `signal`. */
  start(work: Work, options: StartOptions): Promise<RunningCommand>;
}

export interface LauncherConfig {
  readonly timeout_ms: number;
  readonly max_output: number;
  readonly path: readonly string[];
  readonly sandbox: {
    readonly enabled: boolean;
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly network: readonly string[];
    readonly memory_limit: string | number;
    readonly file_limit: string | number;
    readonly processes: number;
  };
}

export interface LauncherOptions {
  /** Asked at each run, so that a reload takes effect at once. */
  readonly config: () => { readonly exec: LauncherConfig };
  /** Made for commands. */
  readonly sandbox: () => Promise<Sandbox>;
  readonly home: { readonly path: string; readonly run: string };
  readonly userHome: string;
  readonly lookup: Lookup;
  /** A command tried to reach what it may not. */
  readonly onDenied: (target: string) => void;
}

const MEGABYTE = 1024 * 1024;
const END_OF_INPUT = "\u0004";

export function createLauncher(options: LauncherOptions): Launcher {
  const launching = new Launching(options);
  return {
    plan: (leave, workspace) => launching.plan(leave, workspace),
    run: (work, run) => launching.run(work, run),
    start: (work, start) => launching.start(work, start),
  };
}

export type SetUpOptions = Leave & Pick<LaunchOptions, "cwd" | "workspace" | "mayRunUnsandboxed">;

class Launching {
  readonly #o: LauncherOptions;
  readonly #guard = new WorkspaceGuard();
  readonly #folders: TemporaryFolders;

  constructor(options: LauncherOptions) {
    this.#o = options;
    this.#folders = new TemporaryFolders(options.home.run);
  }

  async plan(leave: Leave, workspace: string): Promise<SandboxPlan> {
    const { sandbox } = this.#config;
    const { level, reason } = await this.#report();
    const files = this.#files(leave, workspace, "a temporary folder of its own");
    const allowed = {
      read: files.read,
      write: files.write,
      never_write: files.keep.map((path) => path.slice(workspace.length + 1)),
      network: this.#network(leave),
      memory_mb: Math.round(parseSize(sandbox.memory_limit) / MEGABYTE),
      processes: sandbox.processes,
    };
    return { level, reason, allows: inWords(level, allowed), ...allowed };
  }

  async run(work: Work, options: LaunchOptions): Promise<CommandResult> {
    const { timeout_ms, max_output } = this.#config;
    const { cwd, signal, timeoutMs = timeout_ms, onOutput } = options;
    await using command = await this.#setUp(options);
    const steps: readonly Step[] = work.mode === "argv" ? work.steps : [{ when: "always", pipeline: [work.argv] }];
    const result = await spawnSteps({
      cwd,
      env: command.env,
      signal,
      timeoutMs,
      maxOutput: max_output,
      onOutput,
      start: (argv, { stdin, env }) => command.start(argv, env, { stdin }),
      steps,
    });
    return { ...result, undone: await command.end(), overuse: command.overuse };
  }

  async start(work: Work, options: StartOptions): Promise<RunningCommand> {
    const { signal, onOutput } = options;
    signal.throwIfAborted();
    const command = await this.#setUp(options);
    const size = options.terminal;
    const terminal = size && openTerminal(size, onOutput);
    try {
      // Its input is a socket, as a shell that comes over a network has: the outermost one would read `.bashrc` for that.
      const inner = { SHLVL: "1", ...(size ? { TERM: "xterm-256color" } : {}) };
      const env = { ...command.env, ...inner, [COMMAND_MARK]: crypto.randomUUID() };
      const streams = terminal ? { terminal } : { stdin: "pipe" as const };
      const child = await command.start(argvOf(work), env, streams);
      const reading = terminal ? [] : [forward(child.stdout, onOutput), forward(child.stderr, onOutput)];
      const stop = () => child.kill("SIGKILL");
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      const ended = (async (): Promise<CommandEnd> => {
        await using _ = command;
        const exit = await child.exited;
        signal.removeEventListener("abort", stop);
        await child[Symbol.asyncDispose]();
        await Promise.all(reading);
        terminal?.close();
        const undone = await command.end();
        return { ...exit, undone, overuse: command.overuse };
      })();
      return {
        pid: child.pid,
        ended,
        write(text) {
          if (terminal) terminal.write(text);
          else send(child, text);
        },
        endInput() {
          if (terminal) terminal.write(END_OF_INPUT);
          else void Promise.resolve(child.stdin.end()).catch(() => "it does not read any more");
        },
        resize: (columns, rows) => terminal?.resize(columns, rows),
        signal: (name) => child.kill(name),
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await ended;
        },
      };
    } catch (thrown) {
      terminal?.close();
      await command.end();
      throw thrown;
    }
  }

  get #config(): LauncherConfig {
    return this.#o.config().exec;
  }

  async #report() {
    if (!this.#config.sandbox.enabled) {
      return { level: "none", reason: "[exec.sandbox] enabled = false in config.toml" } as const;
    }
    return (await this.#o.sandbox()).report();
  }

  #network({ writes, network }: Leave): readonly string[] {
    return writes ? [...new Set([...this.#config.sandbox.network, ...network])] : [];
  }

  #files({ writes }: Leave, workspace: string, temporary: string) {
    const { path, sandbox } = this.#config;
    const { home, userHome } = this.#o;
    const { read, write } = sandbox;
    return commandFiles({ workspace, writes, temporary, home: home.path, userHome, path, read, write });
  }

  async #setUp(options: SetUpOptions): Promise<SetUp> {
    const { workspace, writes } = options;
    await using stack = new AsyncDisposableStack();
    const { level, keeps } = await this.#report();
    const temporary = await this.#folders.make();
    stack.defer(() => removeTemporary(temporary));
    const { keep, ...files } = this.#files(options, workspace, temporary);
    const network = this.#network(options);
    const proxy = network.length > 0 && level !== "none" ? stack.use(await this.#proxy(network)) : undefined;
    const { enabled, ...limits } = this.#config.sandbox;
    const sandbox = enabled ? await this.#o.sandbox() : undefined;
    // Last: what has begun is ended by the set-up alone.
    const guarded = writes ? this.#guard.begin(workspace, keep, keeps) : undefined;
    return new SetUp({
      sandbox,
      options,
      files: { ...files, keep: guarded?.keep ?? [] },
      guarded,
      proxy,
      temporary,
      limits,
      env: {
        ...commandEnvironment({ path: this.#config.path, workspace }),
        ...(keeps === "those that are there" ? { TMPDIR: "/tmp" } : withoutNamespaces(temporary)),
        ...proxy?.env,
      },
      held: stack.move(),
    });
  }

  async #proxy(rules: readonly string[]): Promise<CommandProxy> {
    const { startProxy } = await import("./proxy.ts");
    return startProxy({ rules, lookup: this.#o.lookup, onDenied: this.#o.onDenied });
  }
}

function inWords(
  level: SandboxLevel,
  { read, write, network, memory_mb, processes }: Omit<SandboxPlan, "level" | "reason" | "allows">,
): string {
  if (level === "none") return "Nothing confines it: it may read and change whatever you may, and reach every host";
  const hosts = network.map((rule) => rule.replace(/^connect:/, ""));
  return [
    `It may read the system's programs${read.map((path) => `, ${path}`).join("")}`,
    `change ${write.join(", ")}`,
    hosts.length === 0 ? "and reach no host" : `and reach ${hosts.join(", ")}`,
    `with ${memory_mb} MB of memory and ${processes} processes at most. Your other files it does not see`,
  ].join(", ");
}

/** Only mounts can put a folder in the place of `/tmp`, and a confined root is not the owner of what it finds. */
function withoutNamespaces(temporary: string): Readonly<Record<string, string>> {
  return {
    TMPDIR: temporary,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
  };
}

function openTerminal(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  onOutput: (bytes: Uint8Array) => void,
): Bun.Terminal {
  return new Bun.Terminal({ cols: columns, rows, data: (_, bytes) => onOutput(bytes) });
}

async function forward(stream: ReadableStream<Uint8Array>, onOutput: (bytes: Uint8Array) => void): Promise<void> {
  for await (const chunk of stream) onOutput(chunk);
}

function send(child: ConfinedChild, text: string): void {
  writeInput(child.stdin, text);
  void Promise.resolve(child.stdin.flush()).catch(() => "it does not read any more");
}

/** One program; a shell of its own carries what is more than that, with every word as it was judged. */
function argvOf(work: Work): readonly string[] {
  if (work.mode === "shell") return work.argv;
  const [first, ...others] = work.steps;
  const [argv, ...next] = first?.pipeline ?? [];
  if (argv && others.length === 0 && next.length === 0) return argv;
  const signs = { always: ";", success: "&&", failure: "||" };
  const script = work.steps
    .map(({ when, pipeline }, index) => {
      const line = pipeline.map((words) => words.map(shellQuote).join(" ")).join(" | ");
      return index === 0 ? line : `${signs[when]} ${line}`;
    })
    .join(" ");
  return ["/bin/sh", "-c", script];
}
