/**
 * The files that a tool may touch: those below its workspace, wherever links lead, and never Aleph's own state.
 *
 * A path is resolved with all its links and judged; then what was opened is compared with what was judged, so that a
 * link put there in between changes nothing. On Linux folders are held open and used through `/proc/self/fd`, which
 * gives the rules of `openat`; elsewhere the path is resolved a second time.
 */
import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, readlink, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";
import { fileError } from "./file-error.ts";

export type FileKind = "file" | "folder" | "link" | "other";

/** Where a path leads. */
export interface Place {
  /** Absolute, without links. */
  readonly path: string;
  /** Below the workspace, with `/`; `.` for the workspace itself. */
  readonly name: string;
  /** Nothing when there is nothing yet. */
  readonly stats: Stats | undefined;
}

export interface Entry {
  readonly name: string;
  readonly kind: FileKind;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Folders that are not entered. */
  readonly skip?: ReadonlySet<string>;
}

export interface Files {
  /** Throws `forbidden` when the path leads out of the workspace, `invalid_params` when it is not a path. */
  locate(workspace: string, path: string): Promise<Place>;
  /** A regular file, open for reading; the caller closes it. Throws also `not_found`. */
  open(workspace: string, path: string): Promise<{ readonly place: Place; readonly file: FileHandle }>;
  /** Replaces or makes a file in one step, with its parents; an old one keeps its mode. */
  write(
    workspace: string,
    path: string,
    data: string | Uint8Array,
  ): Promise<{ readonly place: Place; readonly created: boolean }>;
  /** What is in a folder, sorted by name. Links are named, not followed. */
  list(workspace: string, path: string): Promise<Entry[]>;
  /** The names of the files below a folder, as in `Place`; by name, each folder's own before its sub-folders'. */
  walk(workspace: string, path: string, options: WalkOptions): AsyncIterable<string>;
}

export interface FilesOptions {
  /** ALEPH_HOME and the folder of the workspaces in it. */
  readonly home: { readonly path: string; readonly workspaces: string };
}

export function createFiles({ home }: FilesOptions): Files {
  const locate = (workspace: string, path: string) => locateIn(home, workspace, path);
  return {
    locate,

    async open(workspace, path) {
      const place = await locate(workspace, path);
      if (!place.stats) throw new AlephError("not_found", `"${path}" does not exist`);
      if (place.stats.isDirectory()) throw new AlephError("invalid_params", `"${path}" is a folder, not a file`);
      if (!place.stats.isFile()) throw new AlephError("forbidden", `"${path}" is not a regular file`);
      try {
        // Without O_NONBLOCK a pipe that took the file's place would hang the open.
        const file = await open(
          place.path,
          constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
        );
        return { place, file: await judged(file, place.path, path) };
      } catch (thrown) {
        throw fileError(thrown, path);
      }
    },

    async write(workspace, path, data) {
      const place = await locate(workspace, path);
      if (place.stats?.isDirectory()) throw new AlephError("invalid_params", `"${path}" is a folder, not a file`);
      if (place.stats && !place.stats.isFile()) throw new AlephError("forbidden", `"${path}" is not a regular file`);
      try {
        await mkdir(dirname(place.path), { recursive: true, mode: 0o755 });
        await using folder = await holdFolder(dirname(place.path), path);
        await replace(folder.path, basename(place.path), data, place.stats ? place.stats.mode & 0o777 : 0o644);
        return { place, created: place.stats === undefined };
      } catch (thrown) {
        throw fileError(thrown, path);
      }
    },

    async list(workspace, path) {
      const place = await locate(workspace, path);
      if (!place.stats) throw new AlephError("not_found", `"${path}" does not exist`);
      if (!place.stats.isDirectory()) throw new AlephError("invalid_params", `"${path}" is not a folder`);
      try {
        await using folder = await holdFolder(place.path, path);
        const entries = await sortedEntries(folder.path);
        return await Promise.all(entries.map((entry) => describeEntry(folder.path, entry)));
      } catch (thrown) {
        throw fileError(thrown, path);
      }
    },

    async *walk(workspace, path, options) {
      const place = await locate(workspace, path);
      if (!place.stats) throw new AlephError("not_found", `"${path}" does not exist`);
      if (place.stats.isFile()) yield place.name;
      else if (place.stats.isDirectory()) yield* walkFolder(home, await realpath(workspace), place, options);
    },
  };
}

async function locateIn(home: FilesOptions["home"], workspace: string, path: string): Promise<Place> {
  if (path === "" || path.includes("\0"))
    throw new AlephError("invalid_params", "A path must not be empty or hold a NUL");
  const root = await realpath(workspace);
  const wanted = resolve(root, path);
  let real: string;
  try {
    real = await resolveLinks(wanted);
  } catch (thrown) {
    throw fileError(thrown, path);
  }
  await assertMine(home, root, real, path);
  const stats = await lstat(real).catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return undefined;
    throw fileError(thrown, path);
  });
  return { path: real, name: nameBelow(root, real), stats };
}

/** As realpath, but the end of the path need not exist yet. */
async function resolveLinks(path: string): Promise<string> {
  const missing: string[] = [];
  for (let existing = path; ; existing = dirname(existing)) {
    try {
      return join(await realpath(existing), ...missing);
    } catch (thrown) {
      if (codeOf(thrown) !== "ENOENT") throw thrown;
      if (await isLink(existing)) throw new AlephError("forbidden", `"${basename(existing)}" is a link to nothing`);
      missing.unshift(basename(existing));
    }
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return false;
    throw thrown;
  }
}

async function assertMine(home: FilesOptions["home"], root: string, real: string, shown: string): Promise<void> {
  if (!isWithin(root, real)) {
    throw new AlephError("forbidden", `"${shown}" is outside of the workspace`, {
      data: { hint: "Use a path below the workspace" },
    });
  }
  const closed = await closedFolder(home, root);
  if (closed !== undefined && isWithin(closed, real)) {
    throw new AlephError("forbidden", `"${shown}" belongs to Aleph itself`);
  }
}

/**
 * ALEPH_HOME, which is closed even where a workspace holds it (a person's whole home, say). Nothing when `root` is one
 * of the workspaces in it: then all that is below `root` is open.
 */
async function closedFolder(home: FilesOptions["home"], root: string): Promise<string | undefined> {
  const workspaces = await resolveLinks(resolve(home.workspaces));
  return root !== workspaces && isWithin(workspaces, root) ? undefined : await resolveLinks(resolve(home.path));
}

function nameBelow(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, "/") || ".";
}

/** The handle if it is of the file that was judged; otherwise closes it and throws `forbidden`. */
async function judged(handle: FileHandle, path: string, shown: string): Promise<FileHandle> {
  try {
    if ((await pathOf(handle, path)) === path) return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await handle.close();
  throw new AlephError("forbidden", `"${shown}" changed while it was opened`);
}

async function pathOf(handle: FileHandle, path: string): Promise<string> {
  if (process.platform === "linux") return await readlink(`/proc/self/fd/${handle.fd}`);
  const [opened, found] = await Promise.all([handle.stat(), lstat(path)]);
  return opened.ino === found.ino && opened.dev === found.dev ? await realpath(path) : "";
}

interface HeldFolder extends AsyncDisposable {
  /** To be used in place of its path: stays the same folder whatever is renamed. */
  readonly path: string;
}

async function holdFolder(path: string, shown: string): Promise<HeldFolder> {
  // Windows has no handles for folders.
  if (process.platform === "win32") return { path, [Symbol.asyncDispose]: async () => {} };
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await judged(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path, shown);
  return {
    path: process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function replace(folder: string, name: string, data: string | Uint8Array, mode: number): Promise<void> {
  const temporary = join(folder, `.${crypto.randomUUID()}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), mode);
  try {
    try {
      // The umask may have taken bits that the old file had.
      await file.chmod(mode);
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

async function sortedEntries(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function describeEntry(folder: string, entry: Dirent): Promise<Entry> {
  const kind = kindOf(entry);
  try {
    const { size, mtimeMs } = await lstat(join(folder, entry.name));
    return { name: entry.name, kind, size, mtimeMs };
  } catch (thrown) {
    // Gone since the folder was read.
    if (codeOf(thrown) === "ENOENT") return { name: entry.name, kind, size: 0, mtimeMs: 0 };
    throw thrown;
  }
}

function kindOf(entry: Dirent): FileKind {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : "other";
}

async function* walkFolder(
  home: FilesOptions["home"],
  root: string,
  start: Pick<Place, "path" | "name">,
  { signal, skip }: WalkOptions,
): AsyncGenerator<string> {
  const closed = await closedFolder(home, root);
  const enters = (entry: Dirent, path: string) => entry.isDirectory() && !skip?.has(entry.name) && path !== closed;
  const pending: string[] = [start.path];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    signal.throwIfAborted();
    const entries = await readFolder(path);
    const name = nameBelow(root, path);
    const folders: string[] = [];
    for (const entry of entries) {
      const child = join(path, entry.name);
      if (entry.isFile()) yield name === "." ? entry.name : `${name}/${entry.name}`;
      else if (enters(entry, child)) folders.push(child);
    }
    pending.push(...folders.reverse());
  }
}

/** Nothing for a folder that is gone, closed to us, or not what it was when its parent was read. */
async function readFolder(path: string): Promise<Dirent[]> {
  try {
    await using folder = await holdFolder(path, path);
    return await sortedEntries(folder.path);
  } catch (thrown) {
    const expected = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"];
    if (thrown instanceof AlephError || expected.includes(codeOf(thrown))) return [];
    throw thrown;
  }
}

function codeOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
}
