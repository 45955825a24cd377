/** Folders and files that stay what they were judged to be, whatever is renamed meanwhile. */
import { constants, type Dirent } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink, realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import { AlephError } from "../protocol/errors.ts";

/** The handle if it is of the file that was judged; otherwise closes it and throws `forbidden`. */
export async function judged(handle: FileHandle, path: string, shown: string): Promise<FileHandle> {
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

export interface HeldFolder extends AsyncDisposable {
  /** To be used in place of its path: stays the same folder whatever is renamed. */
  readonly path: string;
}

export async function holdFolder(path: string, shown: string): Promise<HeldFolder> {
  // Windows has no handles for folders.
  if (process.platform === "win32") return { path, [Symbol.asyncDispose]: async () => {} };
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await judged(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path, shown);
  return {
    path: process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

export async function sortedEntries(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** With `/`; `.` for the root itself. */
export function nameBelow(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, "/") || ".";
}

/** `ENOENT` and the like; empty for what is no error of the system. */
export function codeOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
}
