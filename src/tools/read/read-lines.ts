/** Reads some lines of a file without holding the rest of it in memory. */
import type { FileHandle } from "node:fs/promises";

const CHUNK = 64 * 1024;
/** Longer lines are cut: they are data or minified code, and would crowd out the rest. */
const MAX_LINE = 2000;
const MAX_TEXT = 80_000;
const NEWLINE = 0x0a;

/** Numbered lines, then a note in brackets when there is more. Bytes that are not UTF-8 become U+FFFD. */
export async function readLines(file: FileHandle, offset: number, limit: number): Promise<string> {
  const lines: string[] = [];
  let number = 0;
  let size = 0;
  let more = false;
  for await (const line of linesOf(file)) {
    number++;
    if (number < offset) continue;
    if (lines.length >= limit || size > MAX_TEXT) {
      more = true;
      break;
    }
    const text = `${number}\t${line}`;
    size += text.length + 1;
    lines.push(text);
  }
  if (number === 0) return "[the file is empty]";
  if (lines.length === 0) return `[the file ends at line ${number}]`;
  if (more) lines.push(`[more follows; go on with offset ${number}]`);
  return lines.join("\n");
}

async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  const chunk = new Uint8Array(CHUNK);
  let line = new LineBuffer();
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    for (let start = 0; start < bytesRead; ) {
      const found = chunk.subarray(0, bytesRead).indexOf(NEWLINE, start);
      const end = found === -1 ? bytesRead : found;
      line.add(chunk.subarray(start, end));
      start = end + 1;
      if (found === -1) break;
      yield line.text();
      line = new LineBuffer();
    }
  }
  if (line.size > 0) yield line.text();
}

/** The beginning of one line and how long it is. */
class LineBuffer {
  size = 0;
  readonly #parts: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    const room = MAX_LINE * 4 - this.size;
    // A copy: the chunk is filled again.
    if (room > 0) this.#parts.push(bytes.slice(0, room));
    this.size += bytes.byteLength;
  }

  text(): string {
    const text = new TextDecoder().decode(Buffer.concat(this.#parts)).replace(/\r$/, "");
    if (text.length <= MAX_LINE && this.size <= MAX_LINE * 4) return text;
    return `${text.slice(0, MAX_LINE).toWellFormed()} [… line of ${this.size} bytes cut]`;
  }
}
