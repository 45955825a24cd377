/** Puts another executable in the place of the present one in one step, and keeps that one beside it. */
import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";

/** Where the one before is kept. */
export function previousOf(executable: string): string {
  return join(dirname(executable), `${basename(executable)}.previous`);
}

/** At no time is there no executable. `next` is synced and in the same folder. */
export function swapIn(executable: string, next: string): void {
  const previous = previousOf(executable);
  const kept = `${previous}.${crypto.randomUUID()}`;
  if (process.platform === "win32") {
    // What runs can be moved there, not replaced.
    rmSync(previous, { force: true });
    renameSync(executable, previous);
  } else {
    linkSync(executable, kept);
    renameSync(kept, previous);
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
  const next = `${executable}.${crypto.randomUUID()}`;
  if (process.platform === "win32") renameSync(previous, next);
  else linkSync(previous, next);
  swapIn(executable, next);
}
