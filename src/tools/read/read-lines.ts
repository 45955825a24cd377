/** Reads some lines of a file without holding the rest of it in memory. */
import type { FileHandle } from "node:fs/promises";

const CHUNK = 64 * 1024;
/** Longer lines are cut: they are data or minified code, and would crowd out the rest. */
const MAX_LINE = 2000;
const MAX_TEXT = 50_000;
const NEWLINE = 0x0a;

/** Numbered lines, then a note in brackets when there is more. Bytes that are not UTF-8 become U+FFFD. */
export async function readLines(file: FileHandle, offset: number, limit: number): Promise<string> {
  const page = new Page(offset, limit);
  for await (const line of linesOf(file)) if (!page.add(line)) break;
  return page.text();
}

/** The same of lines that are there already. */
export function numberLines(lines: readonly string[], offset: number, limit: number): string {
  const page = new Page(offset, limit);
  for (const line of lines) {
    const isLong = line.length > MAX_LINE;
    const shown = isLong ? `${line.slice(0, MAX_LINE).toWellFormed()} [… line of ${line.length} characters cut]` : line;
    if (!page.add(shown)) break;
  }
  return page.text();
}

class Page {
  readonly #offset: number;
  readonly #limit: number;
  readonly #lines: string[] = [];
  #number = 0;
  #size = 0;
  #more = false;

  constructor(offset: number, limit: number) {
    this.#offset = offset;
    this.#limit = limit;
  }

  /** False when it is full. */
  add(line: string): boolean {
    this.#number++;
    if (this.#number < this.#offset) return true;
    if (this.#lines.length >= this.#limit || this.#size > MAX_TEXT) {
      this.#more = true;
      return false;
    }
    const text = `${this.#number}\t${line}`;
    this.#size += text.length + 1;
    this.#lines.push(text);
    return true;
  }

  text(): string {
    if (this.#number === 0) return "[the file is empty]";
    if (this.#lines.length === 0) return `[the file ends at line ${this.#number}]`;
    const note = this.#more ? [`[more follows; go on with offset ${this.#number}]`] : [];
    return [...this.#lines, ...note].join("\n");
  }
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
