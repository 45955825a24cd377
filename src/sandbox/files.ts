/**
 * The files that a tool may touch: those below its workspace, wherever links lead, and never Aleph's own state.
 *
 * A path is resolved with all its links and judged; then what was opened is compared with what was judged, so that a
 * link put there in between changes nothing. On Linux folders are held open and used through `/proc/self/fd`, which
 * gives the rules of `openat`; elsewhere the path is resolved a second time.
 */
import { constants, createReadStream, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";
import { fileError } from "./file-error.ts";
import { codeOf, holdFolder, judged, nameBelow, sortedEntries } from "./held-folder.ts";
import { type WalkOptions, walkFolder } from "./walk.ts";

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

export interface WriteOptions {
  /** Rights of the file; default: those of the file that was there, or 0644. */
  readonly mode?: number;
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
    options?: WriteOptions,
  ): Promise<{ readonly place: Place; readonly created: boolean }>;
  /** As `write`, with what the file `source`, an absolute path of our own, holds. */
  adopt(workspace: string, path: string, source: string): Promise<{ readonly place: Place; readonly created: boolean }>;
  /** A regular file, for ever. Throws `not_found` when there is none. */
  remove(workspace: string, path: string): Promise<Place>;
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

    write: async (workspace, path, data, { mode } = {}) =>
      put(await locate(workspace, path), path, mode, (file) => file.writeFile(data)),

    adopt: async (workspace, path, source) =>
      put(await locate(workspace, path), path, undefined, (file) => file.writeFile(createReadStream(source))),

    async remove(workspace, path) {
      const place = await locate(workspace, path);
      if (!place.stats) throw new AlephError("not_found", `"${path}" does not exist`);
      if (!place.stats.isFile()) throw new AlephError("forbidden", `"${path}" is not a regular file`);
      try {
        await using folder = await holdFolder(dirname(place.path), path);
        await unlink(join(folder.path, basename(place.path)));
        return place;
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
      else if (place.stats.isDirectory()) {
        const root = await realpath(workspace);
        yield* walkFolder({ root, closed: await closedFolder(home, root), start: place.path }, options);
      }
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

/** The whole file in one step, in the place of the one that was there. */
async function put(place: Place, shown: string, mode: number | undefined, fill: (file: FileHandle) => Promise<void>) {
  if (place.stats?.isDirectory()) throw new AlephError("invalid_params", `"${shown}" is a folder, not a file`);
  if (place.stats && !place.stats.isFile()) throw new AlephError("forbidden", `"${shown}" is not a regular file`);
  try {
    await mkdir(dirname(place.path), { recursive: true, mode: 0o755 });
    await using folder = await holdFolder(dirname(place.path), shown);
    const rights = mode ?? (place.stats ? place.stats.mode & 0o777 : 0o644);
    await replace(folder.path, basename(place.path), rights, fill);
    return { place, created: place.stats === undefined };
  } catch (thrown) {
    throw fileError(thrown, shown);
  }
}

async function replace(
  folder: string,
  name: string,
  mode: number,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(folder, `.${crypto.randomUUID()}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), mode);
  try {
    try {
      // The umask may have taken bits that the old file had.
      await file.chmod(mode);
      await fill(file);
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
