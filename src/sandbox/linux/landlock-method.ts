/** Linux: the process confines itself with Landlock and seccomp before it becomes the program. Nothing is installed for it. */
import type { SandboxMethod } from "../method.ts";
import type { OwnProgram } from "../own-program.ts";
import { systemFiles } from "../system-files.ts";
import { newUser } from "./new-user.ts";
import { LAUNCH_ENV, LAUNCH_WORD } from "./order.ts";
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
    prepare({ argv, cwd, env, confinement }) {
      const { read, write, execute, cpuSeconds, ...limits } = confinement;
      return {
        argv: [...program.argv, LAUNCH_WORD],
        // Nothing of the plugin's folder is read before it is confined.
        cwd: "/",
        env: LAUNCH_ENV,
        order: {
          ...limits,
          argv,
          cwd,
          env,
          landlock: true,
          read,
          write,
          system: system.read,
          execute: [...execute, argv[0] ?? "", ...system.loaders],
          cpuSeconds: cpuSeconds ?? null,
          user: newUser(Math.random),
          server: process.pid,
        },
      };
    },
  };
}
