/** `install.sh` of a release: the script of this folder with its version and place. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "./release.ts";

export async function makeInstallScript({ version, url, folder }: Release): Promise<string> {
  const text = await Bun.file(join(import.meta.dir, "install.sh")).text();
  const path = join(folder, "install.sh");
  await Bun.write(path, text.replaceAll("@VERSION@", version).replaceAll("@URL@", url.replace(/\/$/, "")));
  chmodSync(path, 0o755);
  return "install.sh";
}
