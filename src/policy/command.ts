/** What is known of a command before it runs, and what is decided. */
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
  /** Folders in which programs are looked up. */
  readonly path: readonly string[];
  readonly guarded: Guarded;
}

interface PlanBase {
  /** As the model wrote it. */
  readonly command: string;
  readonly cwd: string;
  /** Names of the variables that it sees. */
  readonly env: readonly string[];
}

/** Exactly what runs: programs with their arguments and no shell, or one shell with the whole line. */
export type CommandPlan =
  | (PlanBase & { readonly mode: "argv"; readonly steps: readonly Step[] })
  | (PlanBase & { readonly mode: "shell"; readonly argv: readonly string[] });

export interface Verdict {
  readonly tier: Tier;
  readonly reason: string;
  readonly plan: CommandPlan;
}
