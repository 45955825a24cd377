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
export function trustedProgram(name: string, site: CommandSite): string | undefined {
  const found = findProgram(name, site);
  if (found === undefined) return undefined;
  const real = realpathSync(found);
  const trusted = [found, dirname(found), dirname(real)].every((path) => isOwners(statSync(path)));
  return trusted && !isWithin(site.workspace, real) ? found : undefined;
}

/** The first one of that name in the folders where programs are looked up, whoever put it there. */
export function findProgram(name: string, { path }: CommandSite): string | undefined {
  return path
    .map((folder) => join(folder, name))
    .find((found) => {
      const stats = statSync(found, { throwIfNoEntry: false });
      return stats?.isFile() && (stats.mode & ANY_EXECUTE) !== 0;
    });
}

function isOwners({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & OTHERS_WRITE) === 0;
}
