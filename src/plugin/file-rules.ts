/** The rules of `permissions.filesystem` as real paths, and those that no plugin gets whoever approves them. */
import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, resolve } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";

export interface FilePlaces {
  /** The plugin's own folder. */
  readonly folder: string;
  /** The person's. */
  readonly userHome: string;
  /** ALEPH_HOME and the config, which may be elsewhere. */
  readonly alephHome: string;
  readonly config: string;
  /** What of ALEPH_HOME may be opened to plugins. */
  readonly workspaces: string;
}

export interface FileRule {
  readonly mode: "read" | "write";
  /** With links resolved; of what does not exist yet, the part that does. */
  readonly path: string;
  /** Where it is in the plugin's folder, with `/`, when it was written so. */
  readonly own?: string;
}

/** The memory and the environment of this server are files there. */
const SYSTEM = ["/proc", "/sys", "/dev"];

/**
 * Throws `forbidden` for a rule that opens what is Aleph's own: config, credentials, database, other plugins; and for one that
 * a link leads out of a workspace or of what the plugin may write: the agent or the plugin itself may have made it since
 * somebody approved these words.
 */
export function resolveFileRules(rules: readonly string[], places: FilePlaces): readonly FileRule[] {
  const folder = resolveReal(places.folder);
  const guarded = [resolveReal(places.alephHome), resolveReal(places.config), ...SYSTEM];
  const workspaces = resolveReal(places.workspaces);
  const free = [folder, workspaces];
  const writable = rules
    .map(splitRule)
    .flatMap(([mode, path]) => (mode === "write" ? [resolveReal(toAbsolute(path, places))] : []));
  return rules.map((rule) => {
    const [mode, written] = splitRule(rule);
    const asWritten = toAbsolute(written, places);
    const path = resolveReal(asWritten);
    const isOpened = guarded.some((secret) => isWithin(path, secret) || isWithin(secret, path));
    if (isOpened && !free.some((place) => isWithin(place, path))) {
      throw new AlephError("forbidden", `Permission ${JSON.stringify(rule)} would open what is Aleph's own`, {
        data: { hint: "Config, credentials, database and other plugins are open to no plugin; name a narrower folder" },
      });
    }
    const way = foldersTo(asWritten).map(resolveReal);
    const left = [workspaces, ...writable].some(
      (place) => !isWithin(place, path) && way.some((passed) => isWithin(place, passed)),
    );
    if (left) {
      throw new AlephError(
        "forbidden",
        `Permission ${JSON.stringify(rule)} leads elsewhere by a link that others can make`,
        {
          data: { hint: "It is in a folder that the plugin or the agent may write; name the place where it leads to" },
        },
      );
    }
    if (isElsewhere(written)) return { mode, path };
    if (isWithin(folder, path)) return { mode, path, own: relative(folder, path).replaceAll("\\", "/") };
    throw new AlephError("forbidden", `Permission ${JSON.stringify(rule)} leads out of the plugin's folder`);
  });
}

/** The paths in a plugin's folder that it may write, as they are written: what is in them is not part of it. */
export function writablePaths(rules: readonly string[]): readonly string[] {
  return rules.flatMap((rule) => {
    const [mode, written] = splitRule(rule);
    if (mode === "read" || isElsewhere(written)) return [];
    const path = posix.normalize(written).replace(/\/$/, "");
    return path === "." || path === ".." || path.startsWith("../") ? [] : [path];
  });
}

function splitRule(rule: string): readonly ["read" | "write", string] {
  const at = rule.indexOf(":");
  return [rule.slice(0, at) as "read" | "write", rule.slice(at + 1)];
}

/** Not relative to the plugin's folder. */
function isElsewhere(path: string): boolean {
  return isAbsolute(path) || /^~(?:\/|$)/.test(path);
}

function toAbsolute(path: string, { folder, userHome }: FilePlaces): string {
  if (path === "~") return userHome;
  if (path.startsWith("~/")) return join(userHome, path.slice(2));
  return resolve(folder, path);
}

/** Those above it, as they are written. */
function foldersTo(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersTo(parent)];
}

/** Resolves links in what exists of the path. */
function resolveReal(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    const parent = dirname(path);
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw unusable(path, thrown);
    return join(resolveReal(parent), basename(path));
  }
}

function unusable(path: string, cause: unknown): AlephError {
  return new AlephError("plugin_error", `Path ${JSON.stringify(path)} of a permission cannot be resolved`, { cause });
}
