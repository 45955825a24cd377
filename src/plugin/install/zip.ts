/** Reads a zip archive by its directory at the end (PKWARE APPNOTE 6.3.10), and nothing that the directory does not name. */
import { inflateRawSync } from "node:zlib";
import { type ArchiveEntry, type InstallLimits, refused } from "./entry.ts";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
const MAX_COMMENT = 0xffff;
const ENCRYPTED = 0x0001 | 0x0040;
const STORED = 0;
const DEFLATED = 8;
const UNIX = 3;
const EMPTY = new Uint8Array();

/** Throws `plugin_error` for what is no zip archive, is damaged, or holds more than the limits. */
export function* readZip(
  bytes: Uint8Array,
  { fileBytes, entries, ratio }: Pick<InstallLimits, "fileBytes" | "entries" | "ratio">,
): Generator<ArchiveEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count) {
    throw refused("The zip archive is in several parts, which is not supported");
  }
  if (count === 0xffff || start === 0xffffffff)
    throw refused("The zip archive is of the 64-bit kind, for very large ones");
  if (count > entries) throw refused(`The plugin has more than ${entries} files and folders`);
  // Files that share bytes are how a small archive becomes a huge folder.
  let dataEnd = 0;
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_SIZE > end || view.getUint32(at, true) !== ENTRY) throw damaged();
    const entry = readEntry(view, bytes, at, end);
    at = entry.next;
    const data = locate(view, bytes, entry, start);
    if (data.from < dataEnd) throw refused("The zip archive is damaged: its files overlap");
    dataEnd = data.to;
    const type = typeOf(entry);
    if (type !== "file") {
      yield { path: entry.name, type, executable: false, data: EMPTY };
      continue;
    }
    const shown = JSON.stringify(entry.name.slice(0, 200));
    if (entry.size > fileBytes) throw refused(`${shown} is larger than ${fileBytes} bytes`);
    if (entry.size > 1024 * 1024 && entry.size > entry.packed * ratio) throw refused(`${shown} is packed too tightly`);
    const content = unpack(entry, bytes.subarray(data.from, data.to), shown);
    if (content.length !== entry.size || Bun.hash.crc32(content) !== entry.crc) throw refused(`${shown} is damaged`);
    yield { path: entry.name, type, executable: entry.host === UNIX && (entry.mode & 0o111) !== 0, data: content };
  }
  if (at !== end) throw damaged();
}

interface Entry {
  readonly host: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly mode: number;
  readonly offset: number;
  readonly rawName: Uint8Array;
  readonly name: string;
  readonly next: number;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number, end: number): Entry {
  const nameEnd = at + ENTRY_SIZE + view.getUint16(at + 28, true);
  const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (next > end) throw damaged();
  const rawName = bytes.subarray(at + ENTRY_SIZE, nameEnd);
  const entry = {
    host: bytes[at + 5]!,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    mode: view.getUint32(at + 38, true) >>> 16,
    offset: view.getUint32(at + 42, true),
    rawName,
    name: textOf(rawName),
    next,
  };
  if ((entry.flags & ENCRYPTED) !== 0) throw refused("The zip archive is encrypted");
  return entry;
}

/** Where its bytes are. What stands before them must name the same file, or two readers would see two archives. */
function locate(view: DataView, bytes: Uint8Array, { offset, packed, rawName }: Entry, limit: number) {
  if (offset + LOCAL_SIZE > limit || view.getUint32(offset, true) !== LOCAL) throw damaged();
  const nameEnd = offset + LOCAL_SIZE + view.getUint16(offset + 26, true);
  const from = nameEnd + view.getUint16(offset + 28, true);
  const to = from + packed;
  if (to > limit) throw damaged();
  const name = bytes.subarray(offset + LOCAL_SIZE, nameEnd);
  if (Buffer.compare(name, rawName) !== 0) throw damaged();
  return { from, to };
}

function typeOf({ name, host, mode }: Entry): ArchiveEntry["type"] {
  const kind = host === UNIX ? mode & 0o170000 : 0;
  if (kind === 0o120000) return "link";
  if (name.endsWith("/")) return kind === 0 || kind === 0o040000 ? "folder" : "special";
  return kind === 0 || kind === 0o100000 ? "file" : "special";
}

function unpack({ method, size }: Entry, packed: Uint8Array, shown: string): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw refused(`${shown} is packed in a way that is not supported`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw refused(`${shown} is damaged`, cause);
  }
}

/** The end record is the last thing but for a comment. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--) {
    if (view.getUint32(at, true) === END && at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  }
  throw damaged();
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused("A name in the archive is not UTF-8", cause);
  }
}

function damaged() {
  return refused("The archive is damaged, or no zip archive");
}
