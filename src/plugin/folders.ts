/** Where plugins are looked for, besides the folders that the config names. */
import { join } from "node:path";
import type { Home } from "../config/home.ts";
import type { RootOptions } from "./discovery.ts";

const SYSTEM_PLUGINS = "/usr/local/share/aleph/plugins";

export type PluginFolders = Omit<RootOptions, "searchPaths">;

/** `workingFolder` is where Aleph was started. */
export function pluginFolders(
  home: Pick<Home, "plugins" | "run">,
  userHome: string,
  workingFolder: string,
): PluginFolders {
  return {
    user: home.plugins,
    system: SYSTEM_PLUGINS,
    bundled: join(home.run, "bundled"),
    workingFolder,
    userHome,
  };
}
