/** Puts a new version of a plugin in the place of the old one, so that a crash at any moment leaves one of them whole. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookAtLink } from "../../lib/fingerprint.ts";
import { writablePaths } from "../file-rules.ts";
import { readManifest } from "../manifest-files.ts";

/** Begin with a dot, so that nobody takes them for plugins. */
const NEW = ".new-";
const OLD = ".old-";
export const STAGING = ".install-";

/** The paths in the folder of the new version whose content is that of the version before. */
export type Kept = (fresh: string) => Promise<readonly string[]>;

/**
 * `staged` becomes `<folder>/<name>`; both are on the same file system. What the plugin wrote in the folder of the version
 * before stays with it.
 */
export async function exchange(folder: string, name: string, staged: string, kept: Kept = writableOf): Promise<void> {
  await rename(staged, join(folder, NEW + name));
  await finish(folder, name, kept);
}

/** Completes what a crash interrupted, and removes what it left. */
export async function recover(folder: string, kept: Kept = writableOf): Promise<void> {
  const names = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
  for (const name of names) {
    if (name.startsWith(STAGING)) await rm(join(folder, name), { recursive: true, force: true });
    if (name.startsWith(NEW)) await finish(folder, name.slice(NEW.length), kept);
  }
  for (const name of names) {
    if (!name.startsWith(OLD)) continue;
    const place = join(folder, name.slice(OLD.length));
    if (exists(place)) await rm(join(folder, name), { recursive: true, force: true });
    else if (exists(join(folder, name))) await rename(join(folder, name), place);
  }
}

async function finish(folder: string, name: string, kept: Kept): Promise<void> {
  const place = join(folder, name);
  const fresh = join(folder, NEW + name);
  const old = join(folder, OLD + name);
  if (exists(place)) {
    await rm(old, { recursive: true, force: true });
    await rename(place, old);
  }
  // A link was somebody's own arrangement: what it leads to stays as it is.
  if (lookAtLink(old)?.isDirectory()) {
    for (const path of await kept(fresh)) {
      if (!isIn(old, path)) continue;
      await rm(join(fresh, path), { recursive: true, force: true });
      await mkdir(dirname(join(fresh, path)), { recursive: true, mode: 0o755 });
      await rename(join(old, path), join(fresh, path));
    }
  }
  await rename(fresh, place);
  await rm(old, { recursive: true, force: true });
}

async function writableOf(fresh: string): Promise<readonly string[]> {
  return writablePaths((await readManifest(fresh)).manifest.permissions.filesystem);
}

/** Not by way of a link: the version before may have made one, to take along what it leads to. */
function isIn(folder: string, path: string): boolean {
  const names = path.split("/");
  const around = names.slice(0, -1).map((_, at) => join(folder, ...names.slice(0, at + 1)));
  return around.every((each) => lookAtLink(each)?.isDirectory()) && exists(join(folder, path));
}

function exists(path: string): boolean {
  return lookAtLink(path) !== undefined;
}
