/** What in a workspace makes other programs run commands later: no command may change it. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Read by shells, by `direnv` and by git of whoever works in that folder. */
const AT_THE_TOP = [
  ".aleph",
  ...[".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile"],
  ...[".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".mkshrc", ".cshrc", ".tcshrc", ".login"],
  ...[".config/fish", ".config/git", ".gitconfig", ".envrc"],
];
/** Below a repository's `.git`. */
const OF_GIT = ["hooks", "config", "config.worktree"];
/** Repositories further down, or in larger workspaces behind so many folders, are not looked for. */
const DEPTH = 3;
const FOLDERS = 500;
const NO_FOLDERS = new Set(["node_modules", "target", "dist", "build", "vendor"]);

/** Absolute, whether they are there or not. */
export function protectedPaths(workspace: string): readonly string[] {
  const git = [join(workspace, ".git"), ...repositoriesBelow(workspace)].flatMap((path) =>
    // In a worktree it is a file that says where the repository is.
    lstatSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : OF_GIT.map((name) => join(path, name)),
  );
  return [...AT_THE_TOP.map((name) => join(workspace, name)), ...git];
}

/**
 * Whether what is called `name` in its workspace, with `/`, is one of them or below one. Of a repository all that is Git's own
 * counts, wherever it is: nobody writes there by hand.
 */
export function isProtected(name: string): boolean {
  // Not every file system tells capitals from small letters.
  const small = name.toLowerCase();
  return small.split("/").includes(".git") || AT_THE_TOP.some((top) => small === top || small.startsWith(`${top}/`));
}

function repositoriesBelow(workspace: string): readonly string[] {
  const found: string[] = [];
  const pending: { readonly path: string; readonly depth: number }[] = [{ path: workspace, depth: 0 }];
  for (let seen = 0, next = pending.shift(); next !== undefined && seen < FOLDERS; seen++, next = pending.shift()) {
    for (const entry of foldersIn(next.path)) {
      const path = join(next.path, entry);
      if (entry === ".git") {
        if (next.depth > 0) found.push(path);
      } else if (next.depth < DEPTH && !entry.startsWith(".") && !NO_FOLDERS.has(entry)) {
        pending.push({ path, depth: next.depth + 1 });
      }
    }
  }
  return found;
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name === ".git")
      .map(({ name }) => name);
  } catch {
    // Gone, or not ours to read: nor the command's.
    return [];
  }
}
