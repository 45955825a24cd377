/** The policy for commands as others use it: the same judgement for a tool call and for `exec.explain`. */
import { accessSync, constants } from "node:fs";
import type { LiftableRule } from "../protocol/exec-floor.ts";
import { COMMAND_MARK } from "../sandbox/process-group.ts";
import { commandEnvironment } from "../sandbox/spawn.ts";
import type { ProgramHashes } from "./bound-files.ts";
import type { Guarded, Verdict } from "./command.ts";

export interface CommandPolicy {
  /** Decides in which tier a command is; has no effect. `cwd` and `workspace` are absolute and without links. */
  classify(
    command: string,
    where: {
      readonly cwd: string;
      readonly workspace: string;
      /** Hosts that it is to reach, like `https://example.com`: the floor looks at them as at its words. */
      readonly network?: readonly string[];
    },
  ): Promise<Verdict>;
}

export interface CommandPolicyOptions {
  readonly guarded: Guarded;
  /** Asked at each judgement, so that a reload takes effect at once. */
  readonly config: () => {
    readonly exec: { readonly path: readonly string[]; readonly allow_denied: readonly LiftableRule[] };
  };
}

export function createCommandPolicy({ guarded, config }: CommandPolicyOptions): CommandPolicy {
  const hashes: ProgramHashes = new Map();
  return {
    async classify(command, { cwd, workspace, network = [] }) {
      // The rules are many and the first command is seldom soon: a start does not pay for them.
      const { classifyCommand } = await import("./classify.ts");
      const { path, allow_denied: lifted } = config().exec;
      const env = { ...commandEnvironment({ path, workspace }), [COMMAND_MARK]: "<another each time>" };
      return classifyCommand(command, {
        cwd,
        workspace,
        network,
        path,
        guarded,
        lifted,
        shell: shellArguments(),
        env,
        hashes,
      });
    },
  };
}

/** The shell that is there; the command follows as its last argument. */
function shellArguments(): readonly string[] {
  if (process.platform === "win32") return ["cmd.exe", "/d", "/s", "/c"];
  return [["/bin/bash", "/usr/bin/bash"].find(isExecutable) ?? "/bin/sh", "-c"];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}
