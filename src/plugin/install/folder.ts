/** Reads a plugin's folder by the rules of archives: files and folders, no links, nothing too large. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { openFile } from "../../lib/open-file.ts";
import { type ArchiveEntry, type InstallLimits, isLeftOut, readPath, refused } from "./entry.ts";
import { Intake } from "./intake.ts";

const EMPTY = new Uint8Array();

/** `to` is there and empty. Throws `plugin_error`; what was written before stays in the folder. */
export async function copyFolder(from: string, to: string, limits: InstallLimits): Promise<void> {
  const intake = new Intake(to, limits);
  for await (const entry of walkFolder(from, limits, () => false)) await intake.add(entry);
}

/** In the order of their names, folders before what is in them. What `skips` names is not looked at. */
export async function* walkFolder(
  root: string,
  limits: InstallLimits,
  skips: (segments: readonly string[]) => boolean,
  below: readonly string[] = [],
): AsyncGenerator<ArchiveEntry> {
  const names = (await readdir(join(root, ...below))).sort();
  for (const name of names) {
    const segments = [...below, name];
    const path = segments.join("/");
    // Links to programs, made by whoever installed the packages.
    const isProgramLinks = name === ".bin" && below.at(-1) === "node_modules";
    if (isLeftOut(segments) || isProgramLinks || skips(segments)) continue;
    readPath(path);
    const full = join(root, ...segments);
    const stats = await lstat(full);
    const entry = { path, executable: (stats.mode & 0o111) !== 0, data: EMPTY };
    if (stats.isDirectory()) {
      yield { ...entry, type: "folder" };
      yield* walkFolder(root, limits, skips, segments);
    } else if (stats.isFile()) {
      if (stats.size > limits.fileBytes)
        throw refused(`${JSON.stringify(path)} is larger than ${limits.fileBytes} bytes`);
      yield { ...entry, type: "file", data: await read(full, path) };
    } else {
      yield { ...entry, type: stats.isSymbolicLink() ? "link" : "special" };
    }
  }
}

async function read(full: string, path: string): Promise<Uint8Array> {
  // It may have become something else since.
  await using file = await openFile(full);
  if (!file) throw refused(`${JSON.stringify(path)} is neither a file nor a folder`);
  return await file.readFile();
}
