/** Tar archives as they come and go, file by file and never whole in memory: ustar (POSIX.1-1988) with pax (POSIX.1-2001) for long names and large files. */
import { AlephError } from "../protocol/errors.ts";

const BLOCK = 512;
const NAME = 100;
/** The largest size that 11 octal digits hold. */
const MAX_OCTAL = 0o77777777777;
/** Of a pax record; names are never longer. */
const MAX_PAX = 64 * 1024;

export interface TarFile {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** Unix milliseconds. */
  readonly modifiedAt: number;
}

/** What `data` gives must be `size` bytes, or the stream ends with an error. */
export interface TarInput extends TarFile {
  readonly data: AsyncIterable<Uint8Array>;
}

export async function* writeTar(files: AsyncIterable<TarInput>): AsyncGenerator<Uint8Array> {
  for await (const { data, ...file } of files) {
    yield* headers(file);
    let written = 0;
    for await (const chunk of data) {
      written += chunk.byteLength;
      if (written > file.size) break;
      yield chunk;
    }
    if (written !== file.size) {
      throw new AlephError("conflict", `The file ${JSON.stringify(file.path)} changed while it was copied`, {
        data: { hint: "Try again" },
      });
    }
    yield new Uint8Array(padding(file.size));
  }
  yield new Uint8Array(2 * BLOCK);
}

/**
 * The files of an archive that `writeTar` made, each to be read to its end before the next one. Throws `invalid_params` for
 * anything else: links and folders have no place in it.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarInput> {
  const input = new Input(chunks);
  let pax: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const block = await input.take(BLOCK);
    if (block === undefined) throw damaged("it is cut off");
    if (block.every((byte) => byte === 0)) return;
    const header = readHeader(block);
    if (header.type === "x") {
      if (header.size > MAX_PAX) throw damaged("a name is too long");
      pax = readPax(await gather(input.bytes(header.size), header.size));
      await input.skip(padding(header.size));
      continue;
    }
    if (header.type !== "0") throw damaged(`${JSON.stringify(header.name)} is not a file`);
    const size = pax.has("size") ? readNumber(pax.get("size")!, 10) : header.size;
    const path = pax.get("path") ?? header.name;
    pax = new Map();
    const left = { bytes: size };
    const { executable, modifiedAt } = header;
    yield { path, size, executable, modifiedAt, data: input.bytes(size, left) };
    await input.skip(left.bytes + padding(size));
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function* headers(file: TarFile): Generator<Uint8Array> {
  const name = Buffer.from(file.path);
  const records: string[] = [];
  if (name.byteLength > NAME || name.some((byte) => byte > 0x7e)) records.push(paxRecord("path", file.path));
  if (file.size > MAX_OCTAL) records.push(paxRecord("size", String(file.size)));
  if (records.length > 0) {
    const data = Buffer.from(records.join(""));
    yield header({ ...file, path: "pax", size: data.byteLength, executable: false }, "x");
    yield data;
    yield new Uint8Array(padding(data.byteLength));
  }
  yield header(file, "0");
}

function header({ path, size, executable, modifiedAt }: TarFile, type: "0" | "x"): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), at);
  Buffer.from(path).copy(block, 0, 0, NAME);
  octal(executable ? 0o700 : 0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(size, MAX_OCTAL), 124, 12);
  octal(Math.max(0, Math.floor(modifiedAt / 1000)), 136, 12);
  block.fill(0x20, 148, 156);
  block.write(type, 156);
  block.write("ustar\0", 257, "latin1");
  block.write("00", 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** `<length> <key>=<value>\n`, the length in bytes and of the whole record. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + 1;
  while (String(length).length + bytes !== length) length = String(length).length + bytes;
  return `${length}${rest}`;
}

function readPax(data: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = space < 0 ? 0 : readNumber(textOf(data.subarray(at, space)), 10);
    if (length <= 0 || at + length > data.length || at + length <= space) throw damaged("a name in it is not valid");
    const record = textOf(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (equals < 0) throw damaged("a name in it is not valid");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function readHeader(block: Uint8Array) {
  const field = (start: number, length: number) =>
    textOf(block.subarray(start, start + length))
      .replace(/\0.*$/s, "")
      .trim();
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (field(257, 6) !== "ustar" || readNumber(field(148, 8), 8) !== sum)
    throw damaged("it is not an archive, or bytes of it changed");
  return {
    name: field(0, NAME),
    executable: (readNumber(field(100, 8), 8) & 0o100) !== 0,
    size: readNumber(field(124, 12), 8),
    modifiedAt: readNumber(field(136, 12), 8) * 1000,
    type: String.fromCharCode(block[156]!),
  };
}

function readNumber(text: string, radix: 8 | 10): number {
  if (!(radix === 8 ? /^[0-7]{1,12}$/ : /^\d{1,15}$/).test(text)) throw damaged("a number in it is not valid");
  return Number.parseInt(text, radix);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function gather(data: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const all = new Uint8Array(size);
  let at = 0;
  for await (const chunk of data) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

function damaged(why: string): AlephError {
  return new AlephError("invalid_params", `The backup cannot be read: ${why}`, {
    data: { hint: "Take another copy of it; nothing was changed" },
  });
}

/** Bytes in the amounts that are wanted, whatever the amounts in which they come. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Nothing at the end. */
  async take(size: number): Promise<Uint8Array | undefined> {
    if (!(await this.#has())) return undefined;
    return gather(this.bytes(size), size);
  }

  /** `left` tells how many of them were not asked for yet. */
  async *bytes(size: number, left = { bytes: size }): AsyncGenerator<Uint8Array> {
    while (left.bytes > 0) {
      if (!(await this.#has())) throw damaged("it is cut off");
      const part = this.#rest.subarray(0, left.bytes);
      this.#rest = this.#rest.subarray(part.byteLength);
      left.bytes -= part.byteLength;
      yield part;
    }
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.bytes(size));
  }

  async #has(): Promise<boolean> {
    while (this.#rest.byteLength === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }
}
