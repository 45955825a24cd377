/** Reads a tar archive as it comes: ustar (POSIX.1-1988), pax (POSIX.1-2001) and GNU's long names. */
import { type ArchiveEntry, type InstallLimits, refused } from "./entry.ts";

const BLOCK = 512;
/** Of a name that stands in an entry of its own, or of pax records. */
const MAX_META = 64 * 1024;
const EMPTY = new Uint8Array();

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly type: string;
}

/** Throws `plugin_error` for what is no tar archive, is cut off, or holds a file over the limit. */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  { fileBytes }: Pick<InstallLimits, "fileBytes">,
): AsyncGenerator<ArchiveEntry> {
  const input = new Input(chunks);
  let longName: string | undefined;
  let pax: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const block = await input.take(BLOCK);
    // Two blocks of zeros end it; some writers leave them out.
    if (block === undefined || block.every((byte) => byte === 0)) return;
    const header = readHeader(block);
    const size = pax.has("size") ? readSize(pax.get("size")!) : header.size;
    const isMeta = "xgLK".includes(header.type);
    if (size > (isMeta ? MAX_META : fileBytes)) throw refused(`${JSON.stringify(header.name)} is too large`);
    const data = await input.takeAll(size);
    await input.takeAll((BLOCK - (size % BLOCK)) % BLOCK);
    if (header.type === "L") longName = textOf(data).replace(/\0.*$/s, "");
    else if (header.type === "x") pax = readPax(data);
    else if (!isMeta) {
      const path = pax.get("path") ?? longName ?? header.name;
      const isSparse = [...pax.keys()].some((key) => key.startsWith("GNU.sparse."));
      const type = isSparse ? "special" : typeOf(header.type);
      yield { path, type, executable: (header.mode & 0o111) !== 0, data: type === "file" ? data : EMPTY };
      longName = undefined;
      pax = new Map();
    }
  }
}

function typeOf(flag: string): ArchiveEntry["type"] {
  if (flag === "0" || flag === "\0" || flag === "7") return "file";
  if (flag === "5") return "folder";
  return flag === "1" || flag === "2" ? "link" : "special";
}

function readHeader(block: Uint8Array): Header {
  const field = (start: number, length: number) => {
    const bytes = block.subarray(start, start + length);
    const end = bytes.indexOf(0);
    return end === -1 ? bytes : bytes.subarray(0, end);
  };
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (readOctal(field(148, 8)) !== sum) throw refused("The archive is damaged, or no tar archive");
  const isUstar = textOf(field(257, 5)) === "ustar";
  // GNU's variant has other things where the prefix would be.
  const prefix = isUstar && block[262] === 0 ? textOf(field(345, 155)) : "";
  const name = textOf(field(0, 100));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: readOctal(field(100, 8)),
    size: (block[124]! & 0x80) === 0 ? readOctal(field(124, 12)) : readBinary(block.subarray(124, 136)),
    type: String.fromCharCode(block[156]!),
  };
}

function readOctal(bytes: Uint8Array): number {
  const text = textOf(bytes).trim();
  if (!/^[0-7]*$/.test(text)) throw refused("The archive is damaged, or no tar archive");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** GNU's way to write a number that has no room in octal digits. */
function readBinary(bytes: Uint8Array): number {
  const number = bytes.reduce((total, byte, at) => total * 256 + (at === 0 ? byte & 0x7f : byte), 0);
  return bytes[0] === 0x80 ? number : Number.POSITIVE_INFINITY;
}

function readSize(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw refused("The archive is damaged: a size is no number");
  return Number(text);
}

/** `<length> <key>=<value>\n`, the length in bytes and of the whole record. */
function readPax(data: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space === -1 ? "" : textOf(data.subarray(at, space));
    const length = /^\d{1,6}$/.test(digits) ? Number(digits) : 0;
    const record = textOf(data.subarray(space + 1, at + length));
    const equals = record.indexOf("=");
    if (at + length > data.length || at + length <= space + 1 || !record.endsWith("\n") || equals === -1) {
      throw refused("The archive is damaged: a pax record is not valid");
    }
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    at += length;
  }
  return records;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused("A name in the archive is not UTF-8", cause);
  }
}

/** Bytes in the amounts that are wanted, whatever the amounts in which they come. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = EMPTY;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Nothing at the end. */
  async take(size: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0 && !(await this.#more())) return undefined;
    return this.takeAll(size);
  }

  async takeAll(size: number): Promise<Uint8Array> {
    if (this.#rest.length >= size) return this.#cut(size);
    const taken = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw refused("The archive is cut off");
      const part = this.#cut(Math.min(size - at, this.#rest.length));
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }

  #cut(size: number): Uint8Array {
    const part = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return part;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#rest = value;
      if (value.length > 0) return true;
    }
  }
}
