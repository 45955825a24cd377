/** What was typed at the prompt, kept in `ALEPH_HOME/history` for the next time: one JSON string a line, newest last. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Home } from "../../config/home.ts";
import { writeAtomic } from "../../lib/atomic-write.ts";

const MAX_ENTRIES = 1000;

export interface History {
  /** Newest first. */
  readonly entries: readonly string[];
  /** Keeps what does not begin with a space, as shells do. Throws the system's error. */
  add(text: string): void;
}

export function openHistory(home: Home): History {
  const path = join(home.path, "history");
  let entries = readEntries(path);
  if (entries.length > MAX_ENTRIES * 2) {
    entries = entries.slice(0, MAX_ENTRIES);
    writeAtomic(path, entries.toReversed().map(toLine).join(""));
  }
  return {
    get entries() {
      return entries;
    },
    add(text) {
      if (text === "" || text.startsWith(" ") || entries[0] === text) return;
      entries = [text, ...entries];
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      appendFileSync(path, toLine(text), { mode: 0o600 });
      // The mode above counts for a new file only.
      if (process.platform !== "win32") chmodSync(path, 0o600);
    },
  };
}

function readEntries(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
  const entries = text.split("\n").flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return typeof entry === "string" ? [entry] : [];
    } catch {
      // An empty line, or one that was cut short by a crash.
      return [];
    }
  });
  return entries.toReversed();
}

function toLine(text: string): string {
  return `${JSON.stringify(text)}\n`;
}
