/** What the server tells the process that confines itself and then becomes the program; and what that one answers. */
import type { ConfinedCommand, Confinement } from "../confinement.ts";
import { ENGINE_ENV } from "../engine-env.ts";

/** The word of our command line that stands for it. */
export const LAUNCH_WORD = "__sandbox-exec";
/**
 * Its environment. It gives itself the program's limit of memory just before it is the program: what it has reserved must lie
 * below, and no thread that compiles or collects beside it may ask for more.
 */
export const LAUNCH_ENV = {
  ...ENGINE_ENV,
  BUN_JSC_jitMemoryReservationSize: String(16 * 1024 * 1024),
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
} as const;
/** The order comes in and the answer goes out here. The program never sees it. */
export const ORDER_FD = 3;
/** Closed by the kernel when the server ends, however it ends. */
export const WATCH_FD = 4;

export interface LaunchOrder extends Omit<Confinement, "read" | "write" | "execute" | "cpuSeconds" | "commands"> {
  /** The program is an absolute path. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Without it somebody else has already put the process into namespaces of its own. */
  readonly landlock: boolean;
  /** Real paths. A link in one of them, made since they were checked, refuses the start. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Of the system: what programs read to be loaded, links included. */
  readonly system: readonly string[];
  readonly execute: readonly string[];
  /** Whether it is for commands, whatever they are, and not for one program. */
  readonly commands: boolean;
  /** Whether it is in namespaces of its own, whose end is everybody's end. */
  readonly enclosed: boolean;
  /** Whether its input is a terminal, to be its own. */
  readonly terminal: boolean;
  readonly cpuSeconds: number | null;
  /** Who it is to be instead of root; null: whoever it is, without capabilities. */
  readonly user: number | null;
  /** The server's process id; null where process ids have another meaning. */
  readonly server: number | null;
}

/** The order for a command; `how` is what depends on the way in which it is confined. */
export function orderFor(
  { argv, cwd, env, confinement, terminal }: ConfinedCommand,
  how: Pick<LaunchOrder, "landlock" | "enclosed" | "commands" | "write" | "system" | "execute" | "user" | "server">,
): LaunchOrder {
  const { cpuSeconds, commands: _, write: __, execute: ___, ...limits } = confinement;
  return { ...limits, argv, cwd, env, terminal: terminal !== undefined, cpuSeconds: cpuSeconds ?? null, ...how };
}

/** Two lines at most: the first just before the program takes over, then nothing more unless that fails. */
export type LaunchAnswer =
  | { readonly landlock: number }
  | { readonly failed: "sandbox_denied" | "not_found"; readonly message: string };

/** One process hears of the server's death by itself; a namespace of process ids ends with its first. */
export function needsWatch({ enclosed, processes }: LaunchOrder): boolean {
  return !enclosed && processes > 1;
}
