/** Whether a path is in a folder. */
import { isAbsolute, relative, sep } from "node:path";

/** `path` is `folder` or below it. Compares the text: both must be absolute, and resolved where links matter. */
export function isWithin(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below === "" || (below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below));
}
