/** What a child process may touch, said once for every way to enforce it. */
import type { SandboxLevel } from "../sdk/runtime.ts";

export interface Confinement {
  /**
   * Absolute, real paths that exist; a folder stands for all below it, and a link in one of them refuses the start. What else
   * may be read is what programs need to load. That a file is there, and its size, can be seen of any.
   */
  readonly read: readonly string[];
  /** Folders and files in which it may read, write, create and remove. */
  readonly write: readonly string[];
  /** Programs and folders of programs that it may start besides its own; empty: it starts none. */
  readonly execute: readonly string[];
  /**
   * How many processes it may have; 1 means that it cannot fork; it has 512 threads then. Above that threads count too, and
   * what `/proc` tells everybody of other processes, such as their command lines, can be seen.
   */
  readonly processes: number;
  /**
   * `none`: no socket of any kind. `proxyPort`: TCP to this port and nothing else; Linux knows ports only, so of any host that
   * listens on it.
   */
  readonly network: "none" | { readonly proxyPort: number };
  /**
   * Its processes meet at sockets in its folders, as those of a browser do. Namespaces keep it from the sockets of others;
   * Landlock alone does so only where the socket has no file.
   */
  readonly localSockets?: true;
  /** Bytes of data that it may have, and of a file that it may write. */
  readonly memoryBytes: number;
  readonly fileBytes: number;
  readonly openFiles: number;
  /** Seconds of processor time; left out: no limit. */
  readonly cpuSeconds?: number;
  /** For whatever somebody types, not for one program that we know; left out: no. */
  readonly commands?: CommandConfinement;
}

/**
 * Commands build things: what they write they may also start, and they may set rights and times of files. That is judged
 * by the owner of a file: where nothing but Landlock confines them, the rights of other files of the same user can be
 * narrowed and their times set. A process group of its own none gets there; that it asked for one is passed over.
 */
export interface CommandConfinement {
  /** Below `write`, there or not: what must stay as it is. `SandboxReport.keeps` says how far that is enforced. */
  readonly keep: readonly string[];
  /** Below `read` or `write`, there: what must not be seen. */
  readonly hide: readonly string[];
  /** A folder of `write` that only this command has; it stands for `/tmp` where that can be. */
  readonly temporary: string;
}

/** How far this machine can confine a process, and why no further. */
export interface SandboxReport {
  readonly level: SandboxLevel;
  /** A sentence for people: `Landlock ABI 7 and seccomp`, `The kernel has no Landlock`. */
  readonly reason: string;
  /** Which of `CommandConfinement.keep` stay as they are without further help; left out: none. */
  readonly keeps?: "all" | "those that are there";
}

export interface ConfinedCommand {
  /** The program is an absolute path. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that it sees of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly confinement: Confinement;
  /** Start it also where nothing can be enforced. */
  readonly mayRunUnsandboxed?: boolean;
  /** What it reads; default: a pipe. */
  readonly stdin?: "pipe" | "ignore";
  /** Takes the place of its pipes; whoever made it reads, writes and closes it. */
  readonly terminal?: Bun.Terminal;
}

/** A child in a process group of its own. Disposing kills it and all that it started, and waits for that. */
export interface ConfinedChild extends AsyncDisposable {
  readonly pid: number;
  readonly level: SandboxLevel;
  /** Nobody reads what is written here when it has a terminal or no input; such streams of output are empty. */
  readonly stdin: Bun.FileSink;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  /** The whole group, at once; nothing when it has ended. */
  kill(signal?: NodeJS.Signals): void;
}

export interface Sandbox {
  /** What this machine can do; tried out once. */
  report(): Promise<SandboxReport>;
  /**
   * Resolves when the program runs. Throws `sandbox_denied` where the confinement cannot be enforced, `not_found` when there is
   * no such program, folder or path.
   */
  start(command: ConfinedCommand): Promise<ConfinedChild>;
}
