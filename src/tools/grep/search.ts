/** One search through files: which lines match, and how that is shown. */
import type { Files } from "../../sandbox/files.ts";
import type { ToolResult } from "../../sdk/tool.ts";
import type { FindLines } from "./matcher.ts";
import { readLines } from "./searched-text.ts";

export type Output = "lines" | "files" | "count";

export interface Search {
  readonly workspace: string;
  readonly path: string;
  /** `path` resolved below the workspace. */
  readonly name: string;
  /** Whether a file is to be searched, by its path below `path`. */
  readonly wanted: (below: string) => boolean;
  readonly find: FindLines;
  readonly output: Output;
  readonly before: number;
  readonly after: number;
  readonly limit: number;
  /** Of one file. */
  readonly maxBytes: number | undefined;
  readonly hidden: boolean;
  readonly noIgnore: boolean;
  readonly signal: AbortSignal;
}

const MAX_SHOWN = 300;
/** Characters of text searched in one call; a search that reads more is too wide to be useful. */
const MAX_TOTAL = 256 * 1024 * 1024;
const NOISE = new Set([".git", "node_modules"]);
const REPOSITORY = new Set([".git"]);
/** How long the event loop may be held before others get their turn. */
const SLICE_MS = 10;

export async function search(files: Pick<Files, "open" | "walk">, search: Search): Promise<ToolResult> {
  const { workspace, path, name, find, output, limit, signal, hidden, noIgnore } = search;
  const pause = takeTurns(signal);
  const shown: string[] = [];
  let hits = 0;
  let total = 0;
  let skipped = 0;
  const options = { signal, skip: noIgnore ? REPOSITORY : NOISE, skipHidden: !hidden, skipIgnored: !noIgnore };
  for await (const file of files.walk(workspace, path, options)) {
    const below = name === "." || file === name ? file : file.slice(name.length + 1);
    if (!search.wanted(below)) continue;
    const lines = await readLines(files, workspace, file, search.maxBytes);
    await pause();
    if (lines === undefined) {
      skipped++;
      continue;
    }
    const room = output === "lines" ? limit - hits : output === "files" ? 1 : Number.MAX_SAFE_INTEGER;
    const found = await find(lines, room, pause);
    if (found.length > 0) {
      if (output !== "lines" && hits === limit) return partial(shown, `more than ${limit} files match`);
      const kept = found.slice(0, room);
      hits += output === "lines" ? kept.length : 1;
      if (output === "files") shown.push(file);
      else if (output === "count") shown.push(`${file}: ${found.length}`);
      else shown.push(...render(file, lines, kept, search, shown.length > 0));
      if (output === "lines" && found.length > room) return partial(shown, `more than ${limit} lines match`);
    }
    total += lines.reduce((sum, line) => sum + line.length, 0);
    if (total > MAX_TOTAL) return partial(shown, "the rest of the files was not searched, there is too much text");
  }
  const note =
    skipped === 0 ? [] : [`[${skipped} binary, unreadable or very large ${skipped === 1 ? "file" : "files"} left out]`];
  return { ok: true, text: [...(hits === 0 ? ["No line matches"] : shown), ...note].join("\n") };
}

/** `file:12: text` for what matches, `file-11- text` for what stands around it, `--` where lines are left out. */
function render(
  file: string,
  lines: readonly string[],
  found: readonly number[],
  { before, after }: Pick<Search, "before" | "after">,
  isMore: boolean,
): string[] {
  const hits = new Set(found);
  const shown: string[] = [];
  let next = 0;
  for (const hit of found) {
    const from = Math.max(next, hit - before);
    if (before + after > 0 && (shown.length > 0 ? from > next : isMore)) shown.push("--");
    for (let at = from; at <= Math.min(lines.length - 1, hit + after); at++) {
      const mark = hits.has(at) ? ":" : "-";
      shown.push(`${file}${mark}${at + 1}${mark} ${shorten(lines[at]!, before + after > 0)}`);
      next = at + 1;
    }
  }
  return shown;
}

function partial(hits: readonly string[], why: string): ToolResult {
  return { ok: true, text: [...hits, `[${why}; use a narrower pattern, path or glob]`].join("\n") };
}

/** Beside each other lines keep their white space: it is what shows how they belong together. */
function shorten(line: string, keepsIndent: boolean): string {
  const text = keepsIndent ? line.trimEnd() : line.trim();
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN).toWellFormed()}…`;
}

function takeTurns(signal: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    signal.throwIfAborted();
    if (performance.now() - since < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
