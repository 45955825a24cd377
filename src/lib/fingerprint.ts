/** Whether a file changed, without reading it. */
import { type BigIntStats, lstatSync, statSync } from "node:fs";

/** Another text when the file was replaced or written; empty when it is not there. Follows links. */
export function fingerprint(path: string): string {
  const stat = lookAt(path);
  return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}` : "";
}

/** What is at the path, if it may be looked at. */
export function lookAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    // What may not be looked at is the same as absent: it is looked at again, and its reader reports the reason.
    return undefined;
  }
}

/** The same of a link itself. */
export function lookAtLink(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    // As above.
    return undefined;
  }
}
