/** The system's errors about files in words that a model or a person can act on. */
import { AlephError, type Reason } from "../protocol/errors.ts";

const FAILURES: Readonly<Record<string, readonly [Reason, string]>> = {
  ENOENT: ["not_found", "does not exist"],
  ENOTDIR: ["invalid_params", "has a file where a folder should be"],
  EISDIR: ["invalid_params", "is a folder, not a file"],
  EEXIST: ["conflict", "exists already"],
  ENAMETOOLONG: ["invalid_params", "is too long for a path"],
  ELOOP: ["forbidden", "leads through a link that may not be followed"],
  EACCES: ["forbidden", "may not be read or changed by the user that runs Aleph"],
  EPERM: ["forbidden", "may not be read or changed by the user that runs Aleph"],
  EROFS: ["storage_failed", "is on a read-only file system"],
  ENOSPC: ["storage_failed", "cannot be written: the disk is full"],
  EDQUOT: ["storage_failed", "cannot be written: the quota is used up"],
};

/** `shown` is the path as the caller gave it. Errors that say nothing about the caller's path pass as they are. */
export function fileError(thrown: unknown, shown: string): unknown {
  if (thrown instanceof AlephError || !(thrown instanceof Error)) return thrown;
  const failure = "code" in thrown ? FAILURES[String(thrown.code)] : undefined;
  if (!failure) return thrown;
  return new AlephError(failure[0], `"${shown.slice(0, 200)}" ${failure[1]}`, { cause: thrown });
}
