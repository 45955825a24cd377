/** What is known of a command before it runs, and what is decided. */
import type { FloorRuleName, LiftableRule } from "../protocol/exec-floor.ts";
import type { Step } from "../sandbox/spawn.ts";
import type { Tier } from "../sdk/tool.ts";

/** What a command must never touch or end. */
export interface Guarded {
  /** ALEPH_HOME, absolute, and the folder of the workspaces in it. */
  readonly home: { readonly path: string; readonly workspaces: string };
  /** The home folder of the person, absolute. */
  readonly userHome: string;
  /** Of the server. */
  readonly pid: number;
}

/** Where a command would run. */
export interface CommandSite {
  /** Absolute, without links, in the workspace. */
  readonly cwd: string;
  /** Absolute, without links. */
  readonly workspace: string;
  /** Hosts that it is to reach. */
  readonly network?: readonly string[];
  /** Folders in which programs are looked up. */
  readonly path: readonly string[];
  readonly guarded: Guarded;
  /** Rules of the floor that config.toml lifts. */
  readonly lifted?: readonly LiftableRule[];
}

/** A file as it is now: whoever changes it changes what was approved. */
export interface BoundFile {
  /** Absolute, without links. */
  readonly path: string;
  /** Hex SHA-256 of its content; of a very large one, of what the file system says of it. */
  readonly sha256: string;
}

interface PlanBase {
  /** As the model wrote it. */
  readonly command: string;
  readonly cwd: string;
  /** The variables that it sees. */
  readonly env: Readonly<Record<string, string>>;
  /** Device and inode of `cwd`. Like the two below only where a person is asked: what they approve is bound to it. */
  readonly cwd_id?: string;
  /** The programs that it names, as far as they can be found. */
  readonly programs?: readonly BoundFile[];
  /** The files that it names, scripts too. */
  readonly files?: readonly BoundFile[];
}

/** Exactly what runs: programs with their arguments and no shell, or one shell with the whole line. */
export type CommandPlan =
  | (PlanBase & { readonly mode: "argv"; readonly steps: readonly Step[] })
  | (PlanBase & { readonly mode: "shell"; readonly argv: readonly string[] });

export interface Verdict {
  readonly tier: Tier;
  readonly reason: string;
  readonly plan: CommandPlan;
  /** The rule of the floor that denied it. */
  readonly rule?: FloorRuleName;
  /** What "always" would allow; null where it may not be offered. Only where a person is asked. */
  readonly pattern?: CommandPattern | null;
}

/** A grant for one program with these arguments, as a person sees it. */
export interface CommandPattern extends Readonly<Record<string, unknown>> {
  readonly program: string;
  readonly sha256: string;
  readonly args: readonly string[];
  readonly workspace: string;
}
