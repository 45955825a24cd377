/** Starts child processes that are confined as far as this machine can. */
import { AlephError } from "../protocol/errors.ts";
import { startChild } from "./child.ts";
import type { Sandbox } from "./confinement.ts";

export function createSandbox(): Sandbox {
  return {
    async report() {
      return { level: "none", reason: "No way to confine a process is known for this system" };
    },
    async start(command) {
      if (!command.mayRunUnsandboxed) {
        throw new AlephError("sandbox_denied", "This machine cannot confine a process", {
          data: {
            hint: 'The owner can let a plugin run all the same, in config.toml: [extensions] allow_unsandboxed = ["id"]',
          },
        });
      }
      return startChild({ argv: command.argv, cwd: command.cwd, env: command.env, level: "none" });
    },
  };
}
