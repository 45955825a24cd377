/** The completion script for a shell, for all commands as they are. */
import { allEntries } from "../all-entries.ts";
import { specOf } from "./spec.ts";

const SHELLS = {
  bash: () => import("./bash.ts").then((module) => module.bashScript),
  zsh: () => import("./zsh.ts").then((module) => module.zshScript),
  fish: () => import("./fish.ts").then((module) => module.fishScript),
};

/** Nothing for a shell that is not known. */
export async function completionScript(shell: string): Promise<string | undefined> {
  if (!Object.hasOwn(SHELLS, shell)) return undefined;
  const script = await SHELLS[shell as keyof typeof SHELLS]();
  return script(specOf(await allEntries()));
}
