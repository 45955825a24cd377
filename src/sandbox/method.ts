/** What a way to confine a process is: Landlock, bubblewrap, a profile of macOS. */
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { ConfinedCommand, SandboxReport } from "./confinement.ts";
import type { LaunchOrder } from "./linux/order.ts";

export interface SandboxMethod {
  readonly level: Exclude<SandboxLevel, "none">;
  /** For people: `bubblewrap`. */
  readonly name: string;
  readonly platform: NodeJS.Platform;
  readonly keeps?: NonNullable<SandboxReport["keeps"]>;
  /** Why it cannot be had here, as far as that shows without a try. */
  obstacle(): string | undefined;
  /** Throws `sandbox_denied` for a confinement that it cannot enforce. The paths of the command are there. */
  prepare(command: ConfinedCommand): PreparedCommand;
}

/** What is started so that the program runs confined. */
export interface PreparedCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** For a process that confines itself; left out where the program is started by others. */
  readonly order?: LaunchOrder;
}
