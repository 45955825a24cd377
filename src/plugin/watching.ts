/** Follows the folders of plugins, and leaves aside what plugins themselves write. */
import { join } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { Timer } from "../lib/watch.ts";
import { watchTrees } from "../lib/watch-trees.ts";
import type { FoundRoot, PluginRoot } from "./discovery.ts";
import { writablePaths } from "./file-rules.ts";
import type { Entry } from "./plugin-entry.ts";

export interface WatchingOptions {
  readonly isOn: () => boolean;
  readonly named: () => readonly PluginRoot[];
  readonly found: () => readonly FoundRoot[];
  readonly entries: () => Iterable<Entry>;
  readonly onChange: () => void;
  readonly timer?: Timer;
}

export function watchPlugins({ isOn, named, found, entries, onChange, timer }: WatchingOptions): Disposable {
  return watchTrees({
    folders() {
      if (!isOn()) return [];
      const wanted = named().filter(({ source, needsTrust }) => !needsTrust && source !== "bundled");
      const trusted = found().filter(
        ({ source, isTrusted }) => isTrusted && (source === "project" || source === "path"),
      );
      return [...new Set([...wanted, ...trusted].map(({ path }) => path))];
    },
    ignores: (path) => [...entries()].some((entry) => isOwnData(entry, path)),
    onChange,
    ...(timer ? { timer } : {}),
  });
}

/** A plugin may write there; its content is what is beside it. */
function isOwnData({ found, known }: Entry, path: string): boolean {
  if (!isWithin(found.path, path)) return false;
  const writable = writablePaths(known?.manifest.permissions.filesystem ?? []);
  return [".git", ...writable].some((own) => isWithin(join(found.path, own), path));
}
