/** Finds plugins in their folder and reads their files, which must be theirs: nothing outside, nothing behind a link. */
import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";

/**
 * `user`: ALEPH_HOME/plugins. `system`: of this machine. `path`: named in the config. `project`: of the working folder.
 * `bundled`: came with Aleph.
 */
export type PluginSource = "user" | "system" | "path" | "project" | "bundled";

export interface PluginRoot {
  readonly source: PluginSource;
  /** As it was named; need not exist. */
  readonly path: string;
  /** It depends on where Aleph was started: nothing in it is read before a person trusts it. */
  readonly needsTrust: boolean;
}

export interface RootOptions {
  readonly user: string;
  readonly system: string;
  readonly bundled: string;
  readonly searchPaths: readonly string[];
  readonly workingFolder: string;
  readonly userHome: string;
}

/** In the order of their rights: of two plugins with one id the first has it. */
export function pluginRoots(options: RootOptions): readonly PluginRoot[] {
  const { user, system, bundled, searchPaths, workingFolder, userHome } = options;
  return [
    { source: "user", path: user, needsTrust: false },
    { source: "system", path: system, needsTrust: false },
    ...searchPaths.map((written): PluginRoot => {
      const path = /^~(?:\/|$)/.test(written) ? join(userHome, written.slice(1)) : written;
      return { source: "path", path: resolve(workingFolder, path), needsTrust: !isAbsolute(path) };
    }),
    { source: "project", path: join(workingFolder, "plugins"), needsTrust: true },
    { source: "bundled", path: bundled, needsTrust: false },
  ];
}

export interface FoundPlugin {
  readonly source: PluginSource;
  /** The name of its folder. */
  readonly folder: string;
  /** Real. */
  readonly path: string;
  /** The folder is a link: it is not followed. */
  readonly isLink: boolean;
}

/** A folder that may hold plugins and is there. */
export interface FoundRoot {
  readonly source: PluginSource;
  /** Real. */
  readonly path: string;
  /** Those in a folder that is not trusted are off. */
  readonly isTrusted: boolean;
}

/** Each folder once, as the first that names it. */
export async function findRoots(
  roots: readonly PluginRoot[],
  isTrusted: (path: string) => boolean,
): Promise<readonly FoundRoot[]> {
  const found = new Map<string, FoundRoot>();
  for (const { source, path: named, needsTrust } of roots) {
    const path = await realpath(named).catch(() => undefined); // What is not there holds no plugins.
    if (path === undefined || found.has(path)) continue;
    found.set(path, { source, path, isTrusted: !needsTrust || isTrusted(path) || isTrusted(dirname(path)) });
  }
  return [...found.values()];
}

/** Sorted by the names of their folders. Files and hidden folders are none. */
export async function findPlugins({ source, path }: FoundRoot): Promise<readonly FoundPlugin[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
    .map((entry) => ({
      source,
      folder: entry.name,
      path: join(path, entry.name),
      isLink: entry.isSymbolicLink(),
    }))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
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
