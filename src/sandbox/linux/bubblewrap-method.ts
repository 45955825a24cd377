/** Linux without Landlock: bubblewrap shows the process a file system of its own; in it seccomp and the limits are set as elsewhere. */
import { existsSync } from "node:fs";
import { isWithin } from "../../lib/is-within.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Confinement } from "../confinement.ts";
import type { SandboxMethod } from "../method.ts";
import type { OwnProgram } from "../own-program.ts";
import { type SystemFiles, systemFiles } from "../system-files.ts";
import { LAUNCH_ENV, LAUNCH_WORD, orderFor } from "./order.ts";
import { architectureOf } from "./syscalls.ts";

/** Not by PATH: what stands there decides over everything else. */
const PLACES = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];
export const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

export function findBubblewrap(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

/** What keeps this machine from what bubblewrap is used for. */
export function bubblewrapObstacle(bubblewrap: string | undefined): string | undefined {
  if (!architectureOf(process.arch)) return `the system calls of ${process.arch} are not known`;
  return bubblewrap === undefined ? "bwrap is not installed" : undefined;
}

export function bubblewrapMethod(program: OwnProgram): SandboxMethod {
  const bubblewrap = findBubblewrap();
  const system = systemFiles();
  return {
    level: "namespace",
    name: "bubblewrap and seccomp",
    platform: "linux",
    obstacle: () => bubblewrapObstacle(bubblewrap),
    prepare(command) {
      const { read, write, execute, network } = command.confinement;
      if (network !== "none") throw withoutPorts();
      const programs = [...execute, command.argv[0] ?? "", program.bun];
      const visible = { read: [...read, ...program.sources], write, execute: programs };
      return {
        argv: [bubblewrap ?? "bwrap", ...bubblewrapArguments(visible, system), "--", ...program.argv, LAUNCH_WORD],
        cwd: "/",
        env: LAUNCH_ENV,
        order: orderFor(command, {
          landlock: false,
          commands: false,
          enclosed: true,
          write,
          system: [],
          execute,
          user: null,
          server: null,
        }),
      };
    },
  };
}

/** Everything that is not named is not there, and what stands around it cannot be written. */
export function bubblewrapArguments(
  { read, write, execute }: Pick<Confinement, "read" | "write" | "execute">,
  system: SystemFiles,
): readonly string[] {
  const isIn = (folders: readonly string[], path: string) => folders.some((folder) => isWithin(folder, path));
  const readable = [...system.read.filter(isFile), ...system.loaders, ...execute, ...read].filter(
    (path) => !isIn(write, path),
  );
  const all = [
    ...withoutNested(readable).map((path) => ["--ro-bind", path, path]),
    ...withoutNested(write).map((path) => ["--bind", path, path]),
  ];
  // A folder before what is mounted in it.
  const ordered = all.toSorted(([, left = ""], [, right = ""]) => left.length - right.length);
  return [
    ...["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc"],
    ...DEVICES.flatMap((path) => ["--dev-bind-try", path, path]),
    ...ordered.flat(),
    ...["--remount-ro", "/"],
  ];
}

export function withoutPorts(): AlephError {
  return new AlephError("sandbox_denied", "Without Landlock connections cannot be confined to one port");
}

/** Folders bring what is in them: some of that are links, which cannot be mounted upon. */
export function withoutNested(paths: readonly string[]): readonly string[] {
  const different = [...new Set(paths)];
  return different.filter((path) => !different.some((other) => other !== path && isWithin(other, path)));
}

/** It has a `/proc` of its own. */
function isFile(path: string): boolean {
  return !path.startsWith("/proc/");
}
