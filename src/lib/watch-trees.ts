/** Watches folders with all that is below them; links are not followed. */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { lookAt } from "./fingerprint.ts";
import { type Timer, unrefTimer } from "./watch.ts";

export interface TreeWatchOptions {
  /** Asked again at each look: folders may come and go, also those that are named. */
  readonly folders: () => readonly string[];
  /** Whether a change at this absolute path concerns nobody. */
  readonly ignores: (path: string) => boolean;
  /** Called once after the last of several changes in quick succession. */
  readonly onChange: () => void;
  readonly debounceMs?: number;
  /** How often to look whether a folder was made, replaced or removed. Where a folder cannot be watched, this is the watch. */
  readonly checkMs?: number;
  readonly timer?: Timer;
}

interface Watched {
  readonly identity: string;
  readonly watcher: FSWatcher | undefined;
}

/** Starts at once. Timers do not keep the process alive. */
export function watchTrees(options: TreeWatchOptions): Disposable {
  const { folders, ignores, onChange, debounceMs = 500, checkMs = 5000, timer = unrefTimer } = options;
  const watched = new Map<string, Watched>();
  let debounce: Disposable | undefined;

  function touched(): void {
    debounce?.[Symbol.dispose]();
    debounce = timer(debounceMs, onChange);
  }

  function attach(folder: string, identity: string): Watched {
    try {
      const watcher = watch(
        folder,
        { recursive: true, persistent: false },
        (_event, name: string | null | undefined) => {
          // Of what went away while it was looked at Bun gives no name.
          if (name == null || !ignores(join(folder, name))) touched();
        },
      );
      watcher.on("error", () => {
        // Gone, or the system has no more watches: from here on the check looks.
        watcher.close();
        if (watched.get(folder)?.watcher === watcher) watched.set(folder, { identity, watcher: undefined });
      });
      return { identity, watcher };
    } catch {
      // As above.
      return { identity, watcher: undefined };
    }
  }

  /** Whether something may have changed that no watch told. */
  function look(): boolean {
    let isNew = false;
    const wanted = new Set(folders());
    for (const folder of new Set([...watched.keys(), ...wanted])) {
      const now = wanted.has(folder) ? identityOf(folder) : "";
      const known = watched.get(folder);
      if (known && known.identity === now) {
        isNew ||= known.watcher === undefined;
        continue;
      }
      if (!known && now === "") continue;
      known?.watcher?.close();
      if (now === "") watched.delete(folder);
      else watched.set(folder, attach(folder, now));
      isNew = true;
    }
    return isNew;
  }

  function check(): void {
    if (look()) touched();
    next = timer(checkMs, check);
  }

  look();
  let next = timer(checkMs, check);
  return {
    [Symbol.dispose]() {
      for (const { watcher } of watched.values()) watcher?.close();
      watched.clear();
      next[Symbol.dispose]();
      debounce?.[Symbol.dispose]();
    },
  };
}

function identityOf(folder: string): string {
  const stat = lookAt(folder);
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}` : "";
}
