/** Linux: the process confines itself with Landlock and seccomp before it becomes the program. Nothing is installed for it. */
import { AlephError } from "../../protocol/errors.ts";
import type { CommandConfinement } from "../confinement.ts";
import type { SandboxMethod } from "../method.ts";
import type { OwnProgram } from "../own-program.ts";
import { systemFiles } from "../system-files.ts";
import { newUser } from "./new-user.ts";
import { LAUNCH_ENV, LAUNCH_WORD, orderFor } from "./order.ts";
import { architectureOf } from "./syscalls.ts";

export function landlockMethod(program: OwnProgram): SandboxMethod {
  const system = systemFiles();
  return {
    level: "kernel",
    name: "Landlock and seccomp",
    platform: "linux",
    obstacle() {
      return architectureOf(process.arch) ? undefined : `the system calls of ${process.arch} are not known`;
    },
    prepare(command) {
      const { write, execute, commands } = command.confinement;
      const [hidden] = commands?.hide ?? [];
      if (hidden !== undefined)
        throw new AlephError(
          "sandbox_denied",
          `Nothing can hide "${hidden}" here from what may see the folder around it`,
        );
      return {
        argv: [...program.argv, LAUNCH_WORD],
        // Nothing of the plugin's folder is read before it is confined.
        cwd: "/",
        env: LAUNCH_ENV,
        order: orderFor(command, {
          landlock: true,
          commands: commands !== undefined,
          enclosed: false,
          write,
          system: system.read,
          execute: [...execute, command.argv[0] ?? "", ...system.loaders],
          user: newUser(commands ? () => shareOf(write, commands) : Math.random),
          server: process.pid,
        }),
      };
    },
  };
}

/** The same for all commands that write in the same place, so that one may change what another has made. */
function shareOf(write: readonly string[], { temporary }: CommandConfinement): number {
  const place = write.find((path) => path !== temporary);
  return place === undefined ? Math.random() : Number(BigInt.asUintN(32, BigInt(Bun.hash(place)))) / 2 ** 32;
}
