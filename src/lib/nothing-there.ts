/** For `.catch` behind a look at a path: that nothing is there is an answer, everything else is a failure. */

/** Throws what is no "not found" of the system. */
export function nothingThere(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
