/** Which files a local server may touch: those that its table names, or else those that the owner named as its arguments. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import type { McpServerTable } from "../config/schema.ts";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";

export interface GuardedPlaces {
  /** The person's. */
  readonly userHome: string;
  /** ALEPH_HOME and the config, which may be elsewhere: closed to every server. */
  readonly alephHome: string;
  readonly config: string;
  /** What of ALEPH_HOME may be opened. */
  readonly workspaces: string;
}

export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly execute: readonly string[];
}

/** Devices, and the memory and environment of other processes, which are files there. */
const SYSTEM = ["/proc", "/sys", "/dev"];
const PACKAGE_MARKS = ["package.json", "pyproject.toml", "pyvenv.cfg"];
/** Too wide to be opened because of one file in them. */
const SHARED = ["/", "/tmp", "/var/tmp", "/home", "/usr", "/etc", "/opt"];

type Files = Pick<McpServerTable, "args" | "cwd" | "env" | "read" | "write" | "execute">;

/** All paths are there, and real ones. Throws `not_found` for one that is not, `forbidden` for one that would open what is Aleph's own. */
export function grantsOf(program: string, table: Files, places: GuardedPlaces): Grants {
  const isFree = freedom(places);
  const named = (table.args ?? []).flatMap((text) => {
    const path = absolute(text, places);
    return path !== undefined && existsSync(path) ? [path] : [];
  });
  const isFolder = (path: string) => statSync(path).isDirectory();
  const listed = (paths: readonly string[], key: string) => paths.map((path) => explicit(path, key, places, isFree));
  const folders = listed(
    named.filter((path) => isFolder(path) && path !== program),
    "args",
  );
  const site = {
    places,
    isFree,
    isBun: /^bunx?(?:\.exe)?$/.test(basename(program)) || table.env?.BUN_BE_BUN !== undefined,
  };
  const code = named.filter((path) => !isFolder(path)).map((path) => codeRoot(path, site));
  const around = table.cwd === undefined ? [] : listed([table.cwd], "cwd");
  const read = table.read === undefined ? [...code, ...folders, ...around] : listed(table.read, "read");
  const byArguments = table.read === undefined ? folders : [];
  return {
    read: real([program, ...libraryFolders(program), ...read]),
    write: real(table.write === undefined ? byArguments : listed(table.write, "write")),
    execute: real(listed(table.execute ?? [], "execute")),
  };
}

function real(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => realpathSync(path)))];
}

type IsFree = (path: string) => boolean;

interface Site {
  readonly places: GuardedPlaces;
  readonly isFree: IsFree;
  readonly isBun: boolean;
}

function freedom({ alephHome, config, workspaces }: GuardedPlaces): IsFree {
  const guarded = [...[alephHome, config].map(realIfThere), ...SYSTEM];
  const free = realIfThere(workspaces);
  return (path) => {
    const real = realpathSync(path);
    return isWithin(free, real) || !guarded.some((secret) => isWithin(real, secret) || isWithin(secret, real));
  };
}

function explicit(written: string, key: string, places: GuardedPlaces, isFree: IsFree): string {
  const path = absolute(written, places);
  if (path === undefined) {
    throw new AlephError("invalid_params", `${JSON.stringify(written)} in ${key} is not an absolute path`);
  }
  if (!existsSync(path)) throw new AlephError("not_found", `${JSON.stringify(written)} in ${key} is not there`);
  if (isFree(path)) return path;
  throw new AlephError("forbidden", `${JSON.stringify(written)} in ${key} would open what is Aleph's own`, {
    data: { hint: "Config, credentials and database are open to no server; name a narrower folder" },
  });
}

/**
 * The widest of what a file's code needs that is still its own: the packages around it, its package, its folder, itself. Throws
 * `forbidden` when not even the file may be read.
 */
function codeRoot(file: string, { places, isFree, isBun }: Site): string {
  const real = realpathSync(file);
  const parts = real.split(sep);
  const packages = parts.indexOf("node_modules");
  const candidates = [
    // Bun finds no packages in a folder whose own folder it may not list.
    ...(packages > 0 && isBun ? [parts.slice(0, packages).join(sep)] : []),
    ...(packages > 0 ? [parts.slice(0, packages + 1).join(sep)] : []),
    ...packageAround(real, places),
    dirname(real),
  ];
  const found = candidates.find(
    (path) => !SHARED.includes(path) && path !== realIfThere(places.userHome) && isFree(path),
  );
  return found ?? explicit(real, "args", places, isFree);
}

function packageAround(file: string, { userHome }: GuardedPlaces): readonly string[] {
  const end = realIfThere(userHome);
  for (let at = dirname(file); at !== dirname(at) && at !== end; at = dirname(at)) {
    if (PACKAGE_MARKS.some((mark) => existsSync(join(at, mark)))) return [at];
  }
  return [];
}

/** What an interpreter outside of the system's folders brings along: `<prefix>/lib` of `<prefix>/bin/python3`. */
function libraryFolders(program: string): readonly string[] {
  const folders = [program, realpathSync(program)].flatMap((path) => {
    if (basename(dirname(path)) !== "bin") return [];
    const prefix = dirname(dirname(path));
    if (prefix === "/" || prefix === "/usr" || prefix === "/usr/local") return [];
    return existsSync(join(prefix, "pyvenv.cfg")) ? [prefix] : [join(prefix, "lib")];
  });
  return [...new Set(folders)].filter((path) => existsSync(path));
}

function absolute(path: string, { userHome }: GuardedPlaces): string | undefined {
  if (path === "~") return userHome;
  if (path.startsWith("~/")) return join(userHome, path.slice(2));
  return isAbsolute(path) ? path : undefined;
}

function realIfThere(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
