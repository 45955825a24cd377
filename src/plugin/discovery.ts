/** Finds plugins in their folder and reads their files, which must be theirs: nothing outside, nothing behind a link. */
import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";

export interface FoundPlugin {
  /** The name of its folder. */
  readonly folder: string;
  readonly path: string;
  /** The folder is a link: it is not followed. */
  readonly isLink: boolean;
}

/** Sorted by the names of their folders. Files and hidden folders are none; empty when `root` does not exist. */
export async function findPlugins(root: string): Promise<readonly FoundPlugin[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
      .map((entry) => ({ folder: entry.name, path: join(root, entry.name), isLink: entry.isSymbolicLink() }))
      .sort((a, b) => (a.folder < b.folder ? -1 : 1));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}

/** More than any prompt or manifest needs; it would go into every request. */
const MAX_BYTES = 256 * 1024;

/** Throws `plugin_error`; `path` is relative to the plugin's folder. */
export async function readPluginFile(folder: string, path: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new AlephError("plugin_error", `File ${JSON.stringify(path)} ${why}`, { cause });
  if (path.includes("\0")) throw refuse("is not a path");
  const root = await realpath(folder);
  const wanted = resolve(root, path);
  if (wanted === root || !isWithin(root, wanted)) throw refuse("is outside of the plugin's folder");
  try {
    let at = root;
    for (const name of relative(root, wanted).split(sep)) {
      at = join(at, name);
      if ((await lstat(at)).isSymbolicLink()) throw refuse("leads through a link, which a plugin may not have");
    }
    // Without O_NONBLOCK a pipe would hang the open.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const file = await open(wanted, flags);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw refuse("is not a regular file");
      if (stats.size > MAX_BYTES) throw refuse(`is larger than ${MAX_BYTES / 1024} KiB`);
      return new TextDecoder("utf-8", { fatal: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof AlephError) throw thrown;
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw refuse("does not exist", thrown);
    throw refuse(thrown instanceof TypeError ? "is not UTF-8 text" : "cannot be read", thrown);
  }
}
