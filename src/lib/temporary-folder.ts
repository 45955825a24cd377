/** Temporary folders that do not stay when their process was killed. */
import type { Stats } from "node:fs";
import { lstat, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longer than anything needs one. */
const STALE_MS = 3_600_000;

/**
 * A new folder `<prefix>XXXXXX` among the temporary ones, for this user alone. Those of the prefix that are this user's and
 * were not changed for `staleMs` are removed: a process that was killed could not. Rejects with the system's error.
 */
export async function temporaryFolder(prefix: string, staleMs = STALE_MS): Promise<string> {
  await removeStale(prefix, Date.now() - staleMs);
  return realpath(await mkdtemp(join(tmpdir(), prefix)));
}

async function removeStale(prefix: string, before: number): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    const found = await lstat(path).catch(() => undefined);
    // One that cannot be removed now is left to the system, as all of them once were.
    if (found && isOwnFolder(found) && found.mtimeMs < before)
      await rm(path, { recursive: true }).catch(() => undefined);
  }
}

function isOwnFolder(found: Stats): boolean {
  return found.isDirectory() && found.uid === process.getuid?.();
}
