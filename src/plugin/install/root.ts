/** Where in a folder a plugin is: at the top, or in the only folder there, as archives often have it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { lookAtLink } from "../../lib/fingerprint.ts";
import { MANIFEST_FORMATS } from "../manifest-files.ts";
import { refused } from "./entry.ts";

/** The folder that holds the manifest. Throws `plugin_error` when there is none. */
export async function findRoot(folder: string): Promise<string> {
  const isPlugin = (path: string) => MANIFEST_FORMATS.some(({ file }) => lookAtLink(join(path, file)) !== undefined);
  if (isPlugin(folder)) return folder;
  const [only, ...others] = await readdir(folder, { withFileTypes: true });
  if (only?.isDirectory() && others.length === 0 && isPlugin(join(folder, only.name))) return join(folder, only.name);
  throw refused(`There is no "${MANIFEST_FORMATS[0]!.file}" in it`);
}
