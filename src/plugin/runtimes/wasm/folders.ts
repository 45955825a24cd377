/** What a module calls the folders that it was granted. */
import { isAbsolute, join, sep } from "node:path";
import type { PluginManifest } from "../../../sdk/plugin.ts";
import type { ProcessHost } from "../../../sdk/runtime.ts";
import type { GrantedFolder } from "./frames.ts";

/**
 * A folder that the manifest writes relative to the plugin has that name, as `/data` for `read:./data`, wherever it really
 * is; any other has its absolute path. What may be written is there once, though it may be read too.
 */
export function grantedFolders(
  { permissions }: Pick<PluginManifest, "permissions">,
  { read, write }: Pick<ProcessHost, "read" | "write">,
): readonly GrantedFolder[] {
  const names = permissions.filesystem
    .map((rule) => rule.slice(rule.indexOf(":") + 1))
    .filter((path) => !isAbsolute(path) && !path.startsWith("~"))
    .map((path) => join(path, ".").replace(/[\\/]+$/, ""));
  const nameOf = (path: string) => {
    const name = names.find((each) => path.endsWith(`${sep}${each}`));
    return name === undefined ? path : `/${name.replaceAll(sep, "/")}`;
  };
  return [
    ...write.map((path) => ({ name: nameOf(path), path, writable: true })),
    ...read.filter((path) => !write.includes(path)).map((path) => ({ name: nameOf(path), path, writable: false })),
  ];
}
