/** Finds the file behind a program's name, if nobody but the system's owner could have put it there. */
import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { CommandSite } from "./command.ts";

const ANY_EXECUTE = 0o111;
const OTHERS_WRITE = 0o022;

/**
 * The absolute path under which the program is found; links are judged but kept, because some programs go by the name
 * that they are called by. Nothing when it is not there or others could have changed it.
 */
export function trustedProgram(name: string, { path, workspace }: CommandSite): string | undefined {
  for (const folder of path) {
    const found = join(folder, name);
    const stats = statSync(found, { throwIfNoEntry: false });
    if (!stats?.isFile() || (stats.mode & ANY_EXECUTE) === 0) continue;
    const real = realpathSync(found);
    const trusted = isOwners(stats) && isOwners(statSync(folder)) && isOwners(statSync(dirname(real)));
    return trusted && !isWithin(workspace, real) ? found : undefined;
  }
  return undefined;
}

function isOwners({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & OTHERS_WRITE) === 0;
}
