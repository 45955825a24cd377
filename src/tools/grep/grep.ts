/** Searches the text of files of the workspace, in linear time whatever the pattern. */
import * as z from "zod";
import type { Files } from "../../sandbox/files.ts";
import { defineTool, type ToolResult } from "../../sdk/tool.ts";
import description from "./grep.md" with { type: "text" };
import { compileMatcher, type LineMatcher } from "./matcher.ts";

interface Needs {
  readonly files: Pick<Files, "locate" | "open" | "walk">;
}

interface Search {
  readonly path: string;
  /** `path` resolved below the workspace. */
  readonly name: string;
  readonly glob: string | undefined;
  readonly matches: LineMatcher;
  readonly workspace: string;
  readonly signal: AbortSignal;
}

const MAX_HITS = 250;
const MAX_FILE = 5 * 1024 * 1024;
const MAX_SHOWN = 300;
/** Bytes of text searched in one call; a search that reads more is too wide to be useful. */
const MAX_TOTAL = 256 * 1024 * 1024;
const SKIP = new Set([".git", "node_modules"]);
/** How long the event loop may be held before others get their turn. */
const SLICE_MS = 10;

export const grep = defineTool({
  name: "grep",
  description,
  params: z.strictObject({
    pattern: z.string().min(1).max(1000).describe("a regular expression, or plain text with literal"),
    path: z.string().min(1).optional().describe("a folder or file, relative to the workspace"),
    glob: z.string().min(1).max(500).optional().describe("only files whose path matches, for example **/*.ts"),
    ignore_case: z.boolean().optional(),
    literal: z.boolean().optional().describe("take the pattern as plain text"),
  }),
  parallel: true,
  async prepare({ files }: Needs, { pattern, path = ".", glob, ignore_case = false, literal = false }, context) {
    const { workspace, signal } = context;
    const { name } = await files.locate(workspace, path);
    const matches = await compileMatcher(pattern, { ignoreCase: ignore_case, literal });
    return {
      tier: "allow",
      reason: "Searches files in the workspace",
      plan: { pattern, path: name, ignore_case, literal, ...(glob === undefined ? {} : { glob }) },
      run: () => search(files, { path, name, glob, matches, workspace, signal }),
    };
  },
});

async function search(files: Needs["files"], search: Search): Promise<ToolResult> {
  const { path, name, glob, matches, workspace, signal } = search;
  const wanted = glob === undefined ? undefined : new Bun.Glob(glob.replace(/^\.\//, ""));
  const turn = takeTurns();
  const hits: string[] = [];
  let total = 0;
  let skipped = 0;
  for await (const file of files.walk(workspace, path, { signal, skip: SKIP })) {
    const below = name === "." || file === name ? file : file.slice(name.length + 1);
    if (wanted && !wanted.match(below) && !wanted.match(below.slice(below.lastIndexOf("/") + 1))) continue;
    const text = await readText(files, workspace, file);
    if (text === undefined) {
      skipped++;
      continue;
    }
    total += text.length;
    for (const { number, line } of linesOf(text)) {
      if (number % 256 === 0) await turn();
      signal.throwIfAborted();
      if (!matches(line)) continue;
      if (hits.length === MAX_HITS) return partial(hits, `more than ${MAX_HITS} lines match`);
      hits.push(`${file}:${number}: ${shorten(line)}`);
    }
    if (total > MAX_TOTAL) return partial(hits, "the rest of the files was not searched, there is too much text");
    await turn();
  }
  const note =
    skipped === 0 ? [] : [`[${skipped} binary, unreadable or very large ${skipped === 1 ? "file" : "files"} left out]`];
  return { ok: true, text: [...(hits.length === 0 ? ["No line matches"] : hits), ...note].join("\n") };
}

function partial(hits: readonly string[], why: string): ToolResult {
  return { ok: true, text: [...hits, `[${why}; use a narrower pattern, path or glob]`].join("\n") };
}

/** Nothing for a file that is no text, too large, or cannot be opened: a search goes on without it. */
async function readText(files: Needs["files"], workspace: string, name: string): Promise<string | undefined> {
  try {
    const { place, file } = await files.open(workspace, name);
    try {
      if ((place.stats?.size ?? 0) > MAX_FILE) return undefined;
      const bytes = await file.readFile();
      return bytes.subarray(0, 8192).includes(0) ? undefined : bytes.toString("utf8");
    } finally {
      await file.close();
    }
  } catch {
    // Gone or replaced since the folder was read, or closed to us; counted by the caller.
    return undefined;
  }
}

function* linesOf(text: string): Generator<{ number: number; line: string }> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    number++;
    yield { number, line: text.slice(start, text[end - 1] === "\r" ? end - 1 : end) };
    start = end + 1;
  }
}

function shorten(line: string): string {
  const text = line.trim();
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN).toWellFormed()}…`;
}

function takeTurns(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
