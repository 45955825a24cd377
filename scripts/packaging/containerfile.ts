/** `Containerfile` of a release: the recipe of this folder, which has no version in it. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "./release.ts";

export async function makeContainerfile({ folder }: Release): Promise<string> {
  copyFileSync(join(import.meta.dir, "Containerfile"), join(folder, "Containerfile"));
  return "Containerfile";
}
