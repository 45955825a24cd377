/** Where paths lead, and which of them are part of Aleph's own state. */
import { lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, parse, resolve } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { CommandSite } from "./command.ts";

/** Follows links as the system does, as far as a path exists. `cwd` is absolute, `path` is relative to it or absolute. */
export type Resolver = (cwd: string, path: string) => string;

/** No system takes a longer path. */
export const MAX_PATH = 4096;
const SEPARATOR = process.platform === "win32" ? /[\\/]+/ : /\/+/;

/**
 * Made anew for each judgement, because it remembers where names lead. Not the same as `path.resolve`: `link/..` is the
 * parent of what the link leads to.
 */
export function createResolver(): Resolver {
  const known = new Map<string, string>();
  const follow = (path: string): string => {
    let real = known.get(path);
    if (real === undefined) {
      real = realPathOf(path) ?? path;
      known.set(path, real);
    }
    return real;
  };
  return (cwd, path) => {
    let at = isAbsolute(path) ? parse(path).root : follow(cwd);
    for (const name of path.split(SEPARATOR)) {
      if (name === "..") at = dirname(at);
      else if (name !== "" && name !== ".") at = follow(join(at, name));
    }
    return at;
  };
}

function realPathOf(path: string): string | undefined {
  try {
    // Most words of a command are no paths: to look is cheaper than to catch.
    return lstatSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : undefined;
  } catch {
    // Closed to us, a link to nothing, or no possible path.
    return undefined;
  }
}

/** A test for paths as a command names them: do they lead into ALEPH_HOME, the command's own workspace aside? */
export function createGuard(
  { cwd, workspace, guarded: { home } }: CommandSite,
  resolved: Resolver = createResolver(),
): (path: string) => boolean {
  const real = resolved(cwd, home.path);
  const workspaces = resolved(cwd, home.workspaces);
  // A workspace in ALEPH_HOME is open; one that holds ALEPH_HOME does not open it.
  const isOpen = workspace !== workspaces && isWithin(workspaces, workspace);
  const isOwn = (path: string) =>
    (isWithin(real, path) || isWithin(home.path, path)) && !(isOpen && isWithin(workspace, path));
  return (path) => isOwn(resolve(cwd, path)) || isOwn(resolved(cwd, path));
}

/** `~` and `$HOME` as a person means them. */
export function expandHome(path: string, userHome: string): string {
  return path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, () => userHome);
}
