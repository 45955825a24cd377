/** Who looks after an executable: what a package manager installed is for it to replace. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface PackageManager {
  readonly name: string;
  /** What a person types instead. */
  readonly command: string;
}

/** `path` is real, without links. Nothing for an executable that somebody put there by hand. */
export function packageManagerOf(path: string, root = "/"): PackageManager | undefined {
  const folders = path.split(/[\\/]/);
  if (folders.includes("node_modules")) {
    const [name = "npm"] = ["pnpm", "bun"].filter((other) => folders.includes(`.${other}`));
    return { name, command: `${name} update --global aleph-server` };
  }
  if (path.includes("/Cellar/")) return { name: "Homebrew", command: "brew upgrade aleph-server" };
  const list = join(root, "var/lib/dpkg/info/aleph-server.list");
  if (existsSync(list) && readFileSync(list, "utf8").split("\n").includes(path)) {
    return { name: "apt", command: "sudo apt update && sudo apt install aleph-server" };
  }
  return undefined;
}
