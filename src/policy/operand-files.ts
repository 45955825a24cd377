/** Judges the files that a read-only command would look at. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join, relative, sep } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { CommandSite } from "./command.ts";
import { createGuard, createResolver, type Resolver } from "./guarded-path.ts";
import type { Operands } from "./read-only-programs.ts";

/** Names of files and folders in which people and programs keep secrets. */
const SECRET_NAME =
  /^(?:\.env(?:\.(?!example$|sample$|template$).*)?|\.envrc|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.my\.cnf|\.git-credentials|\.htpasswd|\.(?:ssh|gnupg|aws|azure|kube|docker|password-store)|id_(?:rsa|dsa|ecdsa|ed25519).*|.*\.(?:pem|key|p12|pfx|kdbx|jks|keystore|ppk)|credentials?(?:\..*)?|secrets?(?:\..*)?|tokens?(?:\.(?:txt|json))?|\.[a-z]+_history)$/i;
/** The most entries of a folder that is read with all that is below; a larger one asks. */
const MAX_TREE = 2000;

interface Look {
  readonly recursive: boolean;
  readonly regular: boolean;
  readonly site: CommandSite;
  readonly isGuarded: (path: string) => boolean;
  readonly resolved: Resolver;
}

/** Why these files may not be looked at without asking; nothing when they may. */
export function refuseFiles(
  { files, recursive = false, regular = false }: Operands,
  site: CommandSite,
): string | undefined {
  const resolved = createResolver();
  const look: Look = { recursive, regular, site, resolved, isGuarded: createGuard(site, resolved) };
  for (const file of files) {
    // Standard input: the pipe before, or nothing.
    if (file === "-") continue;
    const why = refuseFile(file, look);
    if (why) return `"${file}" ${why}`;
  }
  return undefined;
}

function refuseFile(file: string, { recursive, regular, site, isGuarded, resolved }: Look): string | undefined {
  if (file === "") return "names nothing";
  const path = resolved(site.cwd, file);
  if (!isWithin(site.workspace, path)) return "is outside of the workspace";
  if (isGuarded(path)) return "belongs to Aleph itself";
  if (hasSecretName(site.workspace, path)) return "may hold secrets";
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isDirectory()) {
    if (regular) return "is a folder";
    return recursive ? refuseTree(path, isGuarded) : undefined;
  }
  return refuseKind(stats);
}

function refuseKind(stats: Stats): string | undefined {
  if (!stats.isFile()) return "is not a regular file";
  // A second name may be anywhere, also outside of the workspace.
  return stats.nlink > 1 ? "has more than one name (hard links)" : undefined;
}

function refuseTree(root: string, isGuarded: Look["isGuarded"]): string | undefined {
  const pending = [root];
  let seen = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (++seen > MAX_TREE) return `holds more than ${MAX_TREE} entries`;
      const path = join(folder, entry.name);
      if (SECRET_NAME.test(entry.name)) return `holds "${entry.name}", which may be secret`;
      if (entry.isSymbolicLink()) continue;
      if (entry.isDirectory()) {
        if (isGuarded(path)) return "holds Aleph's own state";
        pending.push(path);
        continue;
      }
      const stats = lstatSync(path, { throwIfNoEntry: false });
      const why = stats && refuseKind(stats);
      if (why) return `holds "${entry.name}", which ${why}`;
    }
  }
  return undefined;
}

function hasSecretName(workspace: string, path: string): boolean {
  return relative(workspace, path)
    .split(sep)
    .some((name) => SECRET_NAME.test(name));
}
