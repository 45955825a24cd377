/** Puts another executable in the place of the present one in one step, and keeps that one beside it. */
import { constants, copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncFile, syncFolder } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the one before is kept. */
export function previousOf(executable: string): string {
  return join(dirname(executable), `${basename(executable)}.previous`);
}

/** A path in the folder of the executable for what is not in its place yet. */
export function temporaryOf(executable: string): string {
  return join(dirname(executable), `.${basename(executable)}.${crypto.randomUUID()}`);
}

/** Removes what updates left that were killed or cut off; only while no other one is under way. */
export function removeLeftovers(executable: string): void {
  const prefix = `.${basename(executable)}.`;
  const folder = dirname(executable);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && UUID.test(name.slice(prefix.length))) rmSync(join(folder, name), { force: true });
  }
}

/** At no time is there no executable. `next` is synced and in the same folder. */
export function swapIn(executable: string, next: string): void {
  const previous = previousOf(executable);
  if (process.platform === "win32") {
    // What runs can be moved there, not replaced.
    rmSync(previous, { force: true });
    renameSync(executable, previous);
  } else {
    const kept = temporaryOf(executable);
    try {
      linkOrCopy(executable, kept);
      renameSync(kept, previous);
    } finally {
      // It is still there when both names were of one file: then rename does nothing.
      rmSync(kept, { force: true });
    }
  }
  renameSync(next, executable);
  syncFolder(dirname(executable));
}

/** The one before becomes the present one, and the other way round. Throws `not_found` when none is kept. */
export function swapBack(executable: string): void {
  const previous = previousOf(executable);
  if (!existsSync(previous)) {
    throw new AlephError("not_found", `There is no executable from before at "${previous}"`, {
      data: { hint: "It is kept by: aleph update" },
    });
  }
  const next = temporaryOf(executable);
  if (process.platform === "win32") {
    renameSync(previous, next);
    swapIn(executable, next);
    return;
  }
  try {
    linkOrCopy(previous, next);
    swapIn(executable, next);
  } finally {
    // For the same reason.
    rmSync(next, { force: true });
  }
}

/** File systems without hard links and files of another user (`fs.protected_hardlinks`) refuse the link. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    syncFile(to);
  }
}
