/** The lines of a file that may be searched. */
import type { Files } from "../../sandbox/files.ts";

const MAX_FILE = 5 * 1024 * 1024;
/** A NUL this near to the beginning means that it is no text. */
const SNIFFED = 8192;

/** Nothing for a file that is no text, too large, or cannot be opened: a search goes on without it. */
export async function readLines(
  files: Pick<Files, "open">,
  workspace: string,
  name: string,
  maxBytes = MAX_FILE,
): Promise<readonly string[] | undefined> {
  try {
    const { place, file } = await files.open(workspace, name);
    try {
      if ((place.stats?.size ?? 0) > maxBytes) return undefined;
      const text = decode(await file.readFile());
      return text === undefined ? undefined : linesOf(text);
    } finally {
      await file.close();
    }
  } catch {
    // Gone or replaced since the folder was read, or closed to us; counted by the caller.
    return undefined;
  }
}

function decode(bytes: Buffer): string | undefined {
  const mark = bytes.subarray(0, 2).toString("latin1");
  if (mark === "\xff\xfe") return new TextDecoder("utf-16le").decode(bytes);
  if (mark === "\xfe\xff") return new TextDecoder("utf-16be").decode(bytes);
  return bytes.subarray(0, SNIFFED).includes(0) ? undefined : bytes.toString("utf8").replace(/^\uFEFF/, "");
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return text.includes("\r") ? lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line)) : lines;
}
