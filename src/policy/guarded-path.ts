/** Aleph's own state: which paths are part of it, as seen from a workspace. */
import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { CommandSite } from "./command.ts";

/**
 * A test for absolute paths: is this, or what it leads to, below ALEPH_HOME, the command's own workspace aside? Made
 * anew for each judgement, because it remembers where folders lead.
 */
export function createGuard({
  workspace,
  guarded: { home },
}: Pick<CommandSite, "workspace" | "guarded">): (path: string) => boolean {
  const resolved = createResolver();
  const real = resolved(home.path);
  const workspaces = resolved(home.workspaces);
  // A workspace in ALEPH_HOME is open; one that holds ALEPH_HOME does not open it.
  const isOpen = workspace !== workspaces && isWithin(workspaces, workspace);
  const isOwn = (path: string) =>
    (isWithin(real, path) || isWithin(home.path, path)) && !(isOpen && isWithin(workspace, path));
  return (path) => isOwn(path) || isOwn(resolved(path));
}

/** Follows links as far as a path exists. */
export function createResolver(): (path: string) => string {
  const known = new Map<string, string>();
  const resolved = (path: string): string => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const parent = dirname(path);
    const real = realPathOf(path) ?? (parent === path ? path : join(resolved(parent), basename(path)));
    known.set(path, real);
    return real;
  };
  return resolved;
}

function realPathOf(path: string): string | undefined {
  try {
    // Most words of a command are no paths: to look is cheaper than to catch.
    return lstatSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : undefined;
  } catch {
    // Closed to us, a link to nothing, or no possible path: its parent decides.
    return undefined;
  }
}
