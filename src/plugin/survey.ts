/** Looks through the folders of plugins: what is there, what it says of itself, and what its owner decided about it. */
import { join } from "node:path";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import { type FoundPlugin, type FoundRoot, findPlugins, findRoots, type PluginRoot } from "./discovery.ts";
import type { KnownFiles } from "./known-files.ts";
import { type Entry, newEntry } from "./plugin-entry.ts";
import type { Trust } from "./trust.ts";

export interface SurveyOptions {
  readonly named: readonly PluginRoot[];
  readonly files: KnownFiles;
  readonly trust: Trust;
  readonly log: Log;
}

export interface Surveyed {
  readonly roots: readonly FoundRoot[];
  /** By path, in the order in which they were found; those of before are the same objects. */
  readonly entries: ReadonlyMap<string, Entry>;
}

export async function survey(
  { named, files, trust, log }: SurveyOptions,
  old: ReadonlyMap<string, Entry>,
): Promise<Surveyed> {
  const roots = await findRoots(named, (path) => trust.isTrusted(path));
  const found: FoundPlugin[] = [];
  for (const root of roots) {
    if (!root.isTrusted) continue;
    try {
      found.push(...(await findPlugins(root)));
    } catch (thrown) {
      log.error("plugin folder cannot be read", { folder: root.path, ...describeError(thrown) });
      // What was there before stays in use.
      found.push(
        ...[...old.values()].flatMap(({ found }) => (join(root.path, found.folder) === found.path ? found : [])),
      );
    }
  }
  if (found.length === 0 && old.size === 0) return { roots, entries: old };

  const decisions = trust.decisions();
  const entries = new Map<string, Entry>();
  for (const plugin of found) {
    const entry = old.get(plugin.path) ?? newEntry(plugin);
    entry.found = plugin;
    await read(entry, files);
    const id = entry.known?.manifest.id;
    entry.decision = decisions.find(
      ({ folder, ...own }) => folder === plugin.path && (id === undefined || own.id === id),
    );
    entries.set(plugin.path, entry);
  }
  files.keepOnly(found.map(({ path }) => path));
  return { roots, entries };
}

async function read(entry: Entry, files: KnownFiles): Promise<void> {
  try {
    if (entry.found.isLink) {
      throw new AlephError("plugin_error", "The plugin's folder is a link, which is not followed");
    }
    entry.known = await files.read(entry.found.path);
    entry.fault = undefined;
  } catch (thrown) {
    entry.known = undefined;
    entry.fault = AlephError.from(thrown);
  }
}
