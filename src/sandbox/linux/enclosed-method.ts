/** Linux, for commands: Landlock, seccomp and the limits as elsewhere, in a file system made by bubblewrap that holds nothing else. */
import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { isWithin } from "../../lib/is-within.ts";
import type { CommandConfinement, Confinement } from "../confinement.ts";
import type { SandboxMethod } from "../method.ts";
import type { OwnProgram } from "../own-program.ts";
import { systemFiles } from "../system-files.ts";
import { bubblewrapObstacle, DEVICES, findBubblewrap, withoutNested, withoutPorts } from "./bubblewrap-method.ts";
import { LAUNCH_ENV, LAUNCH_WORD, orderFor } from "./order.ts";

const DEVICE_LINKS = [
  ["/proc/self/fd", "/dev/fd"],
  ["/proc/self/fd/0", "/dev/stdin"],
  ["/proc/self/fd/1", "/dev/stdout"],
  ["/proc/self/fd/2", "/dev/stderr"],
];
/** What the temporary folder stands for as well. Shared memory in it is bounded like any file. */
const TEMPORARY = ["/tmp", "/var/tmp", "/dev/shm"];
/** Who it is instead of root: programs would try to give files to others. */
const NOT_ROOT = "1000";

export function enclosedMethod(program: OwnProgram, { landlock }: { readonly landlock: boolean }): SandboxMethod {
  const bubblewrap = findBubblewrap();
  const system = systemFiles();
  return {
    level: landlock ? "kernel" : "namespace",
    name: landlock ? "Landlock, seccomp and namespaces" : "seccomp and namespaces",
    platform: "linux",
    keeps: "those that are there",
    obstacle: () => bubblewrapObstacle(bubblewrap),
    prepare(command) {
      const { read, write, execute, commands, network } = command.confinement;
      if (network !== "none" && !landlock) throw withoutPorts();
      const wanted = [...execute, command.argv[0] ?? ""];
      const programs = [...wanted, program.bun, ...system.loaders];
      const mounted = { read: [...read, ...program.sources, ...system.read], write, execute: programs };
      const shared = network === "none" ? [] : ["--share-net"];
      return {
        argv: [
          bubblewrap ?? "bwrap",
          ...["--unshare-all", ...shared, "--die-with-parent", "--cap-drop", "ALL"],
          ...(process.geteuid?.() === 0 ? ["--uid", NOT_ROOT, "--gid", NOT_ROOT] : []),
          ...enclosure(mounted, commands),
          "--",
          ...program.argv,
          LAUNCH_WORD,
        ],
        cwd: "/",
        env: LAUNCH_ENV,
        order: orderFor(command, {
          landlock,
          commands: commands !== undefined,
          enclosed: true,
          write: [...write, ...(commands ? TEMPORARY : [])],
          system: system.read,
          execute: [...wanted, ...system.loaders],
          user: null,
          server: null,
        }),
      };
    },
  };
}

/** The arguments of bubblewrap that make the file system. */
export function enclosure(
  { read, write, execute }: Pick<Confinement, "read" | "write" | "execute">,
  commands: CommandConfinement | undefined,
): readonly string[] {
  const mounts = new Map<string, readonly string[]>();
  const add = (path: string, ...args: readonly string[]) => mounts.set(path, args);
  for (const path of withoutNested([...read, ...execute].filter((wanted) => existsSync(wanted)))) {
    if (path.startsWith("/proc/")) continue;
    if (lstatSync(path).isSymbolicLink()) add(path, "--symlink", readlinkSync(path), path);
    else add(path, "--ro-bind", path, path);
  }
  for (const path of write) add(path, "--bind", path, path);
  if (commands) {
    for (const path of TEMPORARY) add(path, "--bind", commands.temporary, path);
    for (const path of commands.hide) {
      if (statSync(path).isDirectory()) add(path, "--tmpfs", path);
      else add(path, "--ro-bind", "/dev/null", path);
    }
    for (const path of commands.keep.filter(isThere)) add(path, "--ro-bind", path, path);
    // A folder that something is mounted upon cannot be moved away with what is in it.
    for (const path of commands.keep.filter(isThere)) {
      const folder = join(path, "..");
      if (!mounts.has(folder) && write.some((root) => isWithin(root, folder))) add(folder, "--bind", folder, folder);
    }
  }
  // A folder before what is mounted in it.
  const ordered = [...mounts].toSorted(([left], [right]) => left.length - right.length);
  return [
    ...["--proc", "/proc"],
    ...[...DEVICES, "/dev/tty"].flatMap((path) => ["--dev-bind-try", path, path]),
    ...DEVICE_LINKS.flatMap(([target = "", path = ""]) => ["--symlink", target, path]),
    ...ordered.flatMap(([, args]) => args),
    ...[...(commands?.hide ?? []).filter((path) => statSync(path).isDirectory()), "/"].flatMap((path) => [
      "--remount-ro",
      path,
    ]),
  ];
}

/** A link is not followed: where it leads is as closed as without it. */
function isThere(path: string): boolean {
  try {
    const stats = lstatSync(path);
    return stats.isFile() || stats.isDirectory();
  } catch {
    // Not there, behind a file or a circle of links, or closed: nothing that a mount could be made upon.
    return false;
  }
}
