/**
 * macOS: its own sandbox, by a profile. Written after the profiles of WebKit and Chromium, and never run by us: `aleph doctor`
 * tries it out, and where the try fails the level is `none`.
 */
import { existsSync, realpathSync } from "node:fs";
import type { Confinement } from "./confinement.ts";
import type { SandboxMethod } from "./method.ts";

const SANDBOX_EXEC = "/usr/bin/sandbox-exec";

const SYSTEM = [
  "/usr/lib",
  "/usr/share/zoneinfo",
  "/usr/share/zoneinfo.default",
  "/usr/share/locale",
  "/System/Library",
  "/System/Volumes/Preboot/Cryptexes",
  "/Library/Apple",
  "/private/var/db/dyld",
  "/private/var/db/timezone",
  "/private/etc/localtime",
];
const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/** Sets the limits that macOS knows, then becomes what follows: open files, blocks of 512 bytes, seconds or nothing. */
const LIMIT =
  'ulimit -c 0; ulimit -n "$1" && ulimit -f "$2" || exit 126; test -z "$3" || ulimit -t "$3" || exit 126; shift 3; exec "$@"';

export function seatbeltMethod(): SandboxMethod {
  return {
    level: "kernel",
    name: "the sandbox of macOS",
    platform: "darwin",
    keeps: "all",
    obstacle() {
      return existsSync(SANDBOX_EXEC) ? undefined : `${SANDBOX_EXEC} is not there`;
    },
    prepare({ argv, cwd, env, confinement }) {
      const [program = "", ...rest] = argv;
      const real = (paths: readonly string[]) => paths.map((path) => realpathSync(path));
      const { read, write, execute } = confinement;
      const profile = seatbeltProfile(
        { ...confinement, read: real(read), write: real(write), execute: real(execute) },
        realpathSync(program),
      );
      const { openFiles, fileBytes, cpuSeconds } = confinement;
      const limits = [openFiles, Math.floor(fileBytes / 512), cpuSeconds ?? ""].map(String);
      return {
        argv: ["/bin/sh", "-c", LIMIT, "sh", ...limits, SANDBOX_EXEC, "-p", profile, program, ...rest],
        cwd,
        env,
      };
    },
  };
}

/** In the language of profiles; what is not allowed is denied. The paths are real ones. */
export function seatbeltProfile(confinement: Confinement, program: string): string {
  const { read, write, execute, processes, network, commands } = confinement;
  const subpaths = (paths: readonly string[]) => paths.map((path) => ` (subpath ${quote(path)})`).join("");
  const rule = (operation: string, paths: readonly string[]) =>
    paths.length === 0 ? [] : [`(allow ${operation}${subpaths(paths)})`];
  const denied = (operation: string, paths: readonly string[]) =>
    paths.length === 0 ? [] : [`(deny ${operation}${subpaths(paths)})`];
  return [
    "(version 1)",
    "(deny default)",
    "(allow sysctl-read)",
    "(allow file-read-metadata)",
    "(allow process-info* (target self))",
    `(allow signal (target ${processes > 1 ? "same-sandbox" : "self"}))`,
    ...(processes > 1 ? ["(allow process-fork)"] : []),
    ...rule("process-exec", [program, ...execute, ...(commands ? write : [])]),
    '(allow file-read* (literal "/"))',
    ...rule("file-read*", [...SYSTEM, ...DEVICES, program, ...execute, ...read, ...write]),
    ...rule("file-write*", write),
    ...rule("file-write-data", commands ? [...DEVICES, "/dev/tty"] : DEVICES),
    ...(commands ? ['(allow file-read* file-ioctl (literal "/dev/tty"))'] : []),
    // The last rule that fits decides.
    ...denied("file-write*", commands?.keep ?? []),
    ...denied("file*", commands?.hide ?? []),
    "(deny file-write-setugid)",
    ...(network === "none" ? [] : [`(allow network-outbound (remote tcp "localhost:${network.proxyPort}"))`]),
  ].join("\n");
}

function quote(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
