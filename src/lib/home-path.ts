/** Paths as people write them in the config: `~` in front is their home folder. */
import { join } from "node:path";

export function fromHome(path: string, userHome: string): string {
  return path.startsWith("~") ? join(userHome, path.slice(1)) : path;
}
