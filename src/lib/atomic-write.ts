/** Replaces a file in one step: a reader, or the next start after a power cut, sees the old bytes or the new ones. */
import { closeSync, constants, fsyncSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes beside `path`, syncs, renames, syncs the folder. Throws the system's error and leaves no temporary file. */
export function writeAtomic(path: string, data: string | Uint8Array, mode = 0o600): void {
  replace(path, data, { mode, sync: true });
  syncFolder(dirname(path));
}

/** The same without the syncs, for what means nothing after a power cut. */
export function writeVolatile(path: string, data: string | Uint8Array, mode = 0o600): void {
  replace(path, data, { mode, sync: false });
}

function replace(path: string, data: string | Uint8Array, { mode, sync }: { mode: number; sync: boolean }): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
  try {
    try {
      writeFileSync(file, data);
      if (sync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    unlinkSync(temporary);
    throw thrown;
  }
}

/** What was renamed or linked in it is there after a power cut. */
export function syncFolder(folder: string): void {
  // Windows has no handle for folders and keeps renames in its journal.
  if (process.platform === "win32") return;
  syncFile(folder);
}

/** What was written to it is there after a power cut. */
export function syncFile(path: string): void {
  // Windows flushes only through handles that may write.
  const handle = openSync(path, process.platform === "win32" ? constants.O_RDWR : constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
