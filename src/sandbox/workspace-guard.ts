/** Puts back what a command must not leave behind in a workspace, where nothing could keep it from making it. */
import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { chmod, mkdir, open, rename, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { SandboxReport } from "./confinement.ts";
import { codeOf } from "./held-folder.ts";

type Saved =
  | { readonly kind: "file"; readonly mode: number; readonly data: Buffer }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "folder"; readonly mode: number; readonly entries: ReadonlyMap<string, Saved> }
  | { readonly kind: "other" };

export interface GuardedRun {
  /** Of the protected paths those that mounts may hold: nobody can have made them while this command was prepared. */
  readonly keep: readonly string[];
  /**
   * Undoes what was done to the protected paths since, and names them. What was there is kept beside, under another name.
   * One that cannot be put back keeps none of the others from it; then it rejects with the system's error.
   */
  end(): Promise<readonly string[]>;
}

/** Larger ones are no settings. */
const MAX_FILE = 1024 * 1024;
const MAX_ENTRIES = 500;
/** Nothing can be there: no folder before it, or links that lead to themselves. */
const NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);
/** What the owner of a folder needs to work in it. */
const OWNERS = 0o700;
/** Of Linux: a handle of a folder that need not be opened. */
const O_PATH = 0o10000000;

/** One for all workspaces: commands that run at the same time in one of them must know of each other. */
export class WorkspaceGuard {
  /** What running commands may make; a link there may lead anywhere. */
  readonly #open = new Map<string, number>();

  /** `paths` are absolute, in `workspace`. */
  begin(workspace: string, paths: readonly string[], keeps: SandboxReport["keeps"]): GuardedRun {
    const rights = lstatSync(workspace).mode;
    const before = new Map(paths.map((path) => [path, save(path)] as const));
    const keep = paths.filter((path) => !this.#open.has(path));
    const held = new Set(keep.filter((path) => before.get(path) !== undefined));
    const loose = keeps === undefined ? paths : keeps === "all" ? [] : paths.filter((path) => !held.has(path));
    for (const path of loose) this.#open.set(path, (this.#open.get(path) ?? 0) + 1);
    return {
      keep,
      end: async () => {
        const undone: string[] = [];
        const failures: unknown[] = [];
        try {
          await openAgain(workspace, rights);
          for (const path of loose) {
            try {
              if (!same(before.get(path), save(path)) && (await restore(workspace, path, before.get(path))))
                undone.push(path);
            } catch (thrown) {
              failures.push(thrown);
            }
          }
        } finally {
          for (const path of loose) this.#release(path);
        }
        if (failures.length > 0) throw failures[0];
        return undone.map((path) => relative(workspace, path));
      },
    };
  }

  #release(path: string): void {
    const count = (this.#open.get(path) ?? 1) - 1;
    if (count === 0) this.#open.delete(path);
    else this.#open.set(path, count);
  }
}

/** What is there, nothing followed; undefined when it is not there. A command may have closed it, or a folder before it. */
function save(path: string, budget = { entries: MAX_ENTRIES }): Saved | undefined {
  try {
    return saveOpen(path, lstatSync(path), budget);
  } catch (thrown) {
    return NOWHERE.has(codeOf(thrown)) ? undefined : { kind: "other" };
  }
}

function saveOpen(path: string, stats: Stats, budget: { entries: number }): Saved {
  if (stats.isSymbolicLink()) return { kind: "link", target: readlinkSync(path) };
  if (stats.isFile() && stats.size <= MAX_FILE) {
    return { kind: "file", mode: stats.mode & 0o777, data: readFileSync(path) };
  }
  if (!stats.isDirectory()) return { kind: "other" };
  const entries = new Map<string, Saved>();
  for (const name of readdirSync(path).sort()) {
    if (--budget.entries < 0) break;
    const saved = save(join(path, name), budget);
    if (saved) entries.set(name, saved);
  }
  return { kind: "folder", mode: stats.mode & 0o777, entries };
}

function same(left: Saved | undefined, right: Saved | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.kind === "file" && right.kind === "file") return left.mode === right.mode && left.data.equals(right.data);
  if (left.kind === "link" && right.kind === "link") return left.target === right.target;
  if (left.kind === "folder" && right.kind === "folder") {
    const names = new Set([...left.entries.keys(), ...right.entries.keys()]);
    return [...names].every((name) => same(left.entries.get(name), right.entries.get(name)));
  }
  return left.kind === right.kind;
}

/** False when it is gone by itself, or as it was. */
async function restore(workspace: string, path: string, before: Saved | undefined): Promise<boolean> {
  await using parent = await holdFolder(workspace, dirname(path), before !== undefined);
  if (!parent) return false;
  const place = join(parent.path, basename(path));
  const now = save(place);
  // It could not be seen before its folder was opened.
  if (same(before, now)) return false;
  const isThere = now !== undefined;
  if (isThere) await rename(place, `${place}.undone-${crypto.randomUUID().slice(0, 8)}`);
  if (before) await write(place, before);
  return isThere || before !== undefined;
}

/** In a folder that is held, under a name that is free. */
async function write(place: string, saved: Saved): Promise<void> {
  if (saved.kind === "file") await writeFile(place, saved.data, { mode: saved.mode, flag: "wx" });
  if (saved.kind === "link") await symlink(saved.target, place);
  if (saved.kind !== "folder") return;
  await mkdir(place, { mode: 0o700 });
  await using folder = await hold(place);
  for (const [name, entry] of saved.entries) await write(join(folder.path, name), entry);
}

interface Held extends AsyncDisposable {
  /** The same folder whatever is renamed. */
  readonly path: string;
}

/** Whoever works there owns it, but a command may have closed it to all. */
async function openAgain(workspace: string, before: number): Promise<void> {
  const { mode } = lstatSync(workspace);
  const lost = before & ~mode & OWNERS;
  // No command can put something else in its place.
  if (lost !== 0) await chmod(workspace, (mode & 0o777) | lost);
}

/** Step by step from the workspace, no link followed: what a command left there must not lead elsewhere. */
async function holdFolder(workspace: string, path: string, make: boolean): Promise<Held | undefined> {
  let held = await hold(workspace);
  for (const name of relative(workspace, path).split("/").filter(Boolean)) {
    await using parent = held;
    const place = join(parent.path, name);
    const stats = lstatSync(place, { throwIfNoEntry: false });
    const found = stats?.isDirectory() ? await holdOpen(place) : undefined;
    if (!found) {
      // What stands in a folder that is closed to us now would be in force as soon as it is opened.
      const isClosed = stats?.isDirectory() === true;
      if (!make && !isClosed) return undefined;
      if (stats) await rename(place, `${place}.undone-${crypto.randomUUID().slice(0, 8)}`);
      if (!make) return undefined;
      await mkdir(place, { mode: 0o700 });
    }
    held = found ?? (await hold(place));
  }
  return held;
}

/** Undefined when it is closed to us and not ours to open. */
async function holdOpen(place: string): Promise<Held | undefined> {
  if (!mayWorkIn(place) && process.platform === "linux") {
    const handle = await open(place, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const path = `/proc/self/fd/${handle.fd}`;
    // Somebody else's stays as it is.
    await chmod(path, ((await handle.stat()).mode & 0o777) | OWNERS).catch(() => "not ours");
    await handle.close();
  }
  return mayWorkIn(place) ? await hold(place) : undefined;
}

function mayWorkIn(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    // Its rights are what is asked for.
    return false;
  }
}

async function hold(path: string): Promise<Held> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return {
    path: process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
