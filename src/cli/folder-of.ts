/** Whether there is a folder for a file that a command is to write, asked before the work is done. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { usageError } from "./failure.ts";

/** Throws `invalid_params`. A path that ends in a slash is that of the folder itself. */
export function checkFolderOf(file: string): void {
  const folder = /[/\\]$/.test(file) ? resolve(file) : dirname(resolve(file));
  if (isFolder(folder)) return;
  throw usageError(`There is no folder ${JSON.stringify(folder)}`, "Make it first, or name another place");
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
