/** Watches a folder for changes of certain files. A file itself cannot be watched: the watch goes deaf when it is replaced. */
import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { fingerprint, lookAt } from "./fingerprint.ts";

/** Runs `run` once after `ms`, unless disposed before. */
export type Timer = (ms: number, run: () => void) => Disposable;

export interface WatchOptions {
  /** The files to look at, by their names in the folder. */
  readonly names: readonly string[] | ((name: string) => boolean);
  /** Called once after the last of several changes in quick succession. */
  readonly onChange: () => void;
  readonly debounceMs?: number;
  /**
   * How often to look by itself: finds a folder that was made or replaced, and changes that the system does not
   * announce (network file systems, the target of a link).
   */
  readonly checkMs?: number;
  readonly timer?: Timer;
}

/** Starts at once. The folder may be absent, now or later. Timers do not keep the process alive. */
export function watchFolder(
  folder: string,
  { names, onChange, debounceMs = 500, checkMs = 5000, timer = unrefTimer }: WatchOptions,
): Disposable {
  let watcher: FSWatcher | undefined;
  let watched = "";
  let debounce: Disposable | undefined;
  let seen = describe();

  const concerns = typeof names === "function" ? names : (name: string) => names.includes(name);

  function describe(): string {
    const present = typeof names === "function" ? listFolder(folder).filter(names) : names;
    return present.map((name) => `${name} ${fingerprint(join(folder, name))}`).join("\n");
  }

  function touched(): void {
    debounce?.[Symbol.dispose]();
    debounce = timer(debounceMs, () => {
      seen = describe();
      onChange();
    });
  }

  /** Holds a watch on the folder that is at the path now, or none while there is none. */
  function attach(): void {
    const now = identity(folder);
    if (now === watched && watcher) return;
    watcher?.close();
    watcher = undefined;
    watched = now;
    if (now === "") return;
    try {
      // Some systems do not say which file it was: then it may be any.
      watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name == null || concerns(name)) touched();
      });
      // The folder went away or the system has no more watches: the check looks again.
      watcher.on("error", () => detach());
    } catch {
      // Gone in the meantime, or no more watches: the check looks again.
      watched = "";
    }
  }

  function detach(): void {
    watcher?.close();
    watcher = undefined;
    watched = "";
  }

  function check(): void {
    attach();
    if (describe() !== seen) {
      seen = describe();
      touched();
    }
    next = timer(checkMs, check);
  }

  attach();
  let next = timer(checkMs, check);
  return {
    [Symbol.dispose]() {
      detach();
      next[Symbol.dispose]();
      debounce?.[Symbol.dispose]();
    },
  };
}

/** A `Timer` that does not keep the process alive. */
export function unrefTimer(ms: number, run: () => void): Disposable {
  const handle = setTimeout(run, ms);
  handle.unref();
  return { [Symbol.dispose]: () => clearTimeout(handle) };
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    // Absent, now or later.
    return [];
  }
}

function identity(folder: string): string {
  const stat = lookAt(folder);
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}` : "";
}
