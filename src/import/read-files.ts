/** Finds conversations in a file or folder, whichever program wrote them. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { nothingThere } from "../lib/nothing-there.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ImportSource } from "../protocol/imported.ts";
import { isAleph, readAleph } from "./aleph.ts";
import { isChatGpt, readChatGpt } from "./chatgpt.ts";
import { isClaudeCode, readClaudeCode } from "./claude-code.ts";
import { isOpenClaw, readOpenClaw } from "./openclaw.ts";
import { type Line, type Reading, readLines } from "./reading.ts";

export interface ReadFile {
  readonly path: string;
  /** Nothing when it is not a file of a known form. */
  readonly reading: Reading | undefined;
}

const LINES = {
  openclaw: { is: isOpenClaw, read: readOpenClaw },
  "claude-code": { is: isClaudeCode, read: readClaudeCode },
  aleph: { is: isAleph, read: readAleph },
} as const satisfies Partial<
  Record<ImportSource, { is: (line: Line) => boolean; read: (text: string, name: string) => Reading }>
>;

/** Lines at the beginning by which a file is known; the first ones may be damaged. */
const LOOKED_AT = 50;

/** Each file in its turn, so that one at a time is in memory. Throws `not_found` when there is nothing at `path`. */
export async function* readFiles(path: string, from: ImportSource | undefined): AsyncGenerator<ReadFile> {
  const found = await stat(path).catch(nothingThere);
  if (found === undefined) throw new AlephError("not_found", `There is no file or folder ${path}`);
  if (!found.isDirectory()) {
    yield { path, reading: await readOne(path, from) };
    return;
  }
  for await (const file of walk(path)) yield { path: file, reading: await readOne(file, from) };
}

async function* walk(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile() && /\.jsonl$|^conversations.*\.json$/.test(entry.name)) yield path;
  }
}

async function readOne(path: string, from: ImportSource | undefined): Promise<Reading | undefined> {
  const bytes = await readFile(path);
  if (bytes.subarray(0, 4).toString("latin1") === "PK\x03\x04") {
    throw new AlephError("invalid_params", `${path} is a ZIP archive`, {
      data: { hint: "Unpack it, and name the folder" },
    });
  }
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  const source = from === "chatgpt" ? undefined : (from ?? sourceOfLines(text));
  if (source !== undefined) return LINES[source].read(text, basename(path));
  const value = parsed(text);
  if (isChatGpt(value)) return readChatGpt(value);
  if (from !== "chatgpt") return undefined;
  throw new AlephError("invalid_params", `${path} is not a conversations.json of ChatGPT`);
}

function sourceOfLines(text: string): keyof typeof LINES | undefined {
  const lines = readLines(text.split("\n", LOOKED_AT).join("\n"), []);
  const names = Object.keys(LINES) as (keyof typeof LINES)[];
  return names.find((name) => lines.some(LINES[name].is));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Of no form that has one value in a file.
    return undefined;
  }
}
