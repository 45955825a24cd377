/** Packs a plugin's folder into an archive: the same bytes for the same files, wherever and whenever. */
import { gzipSync } from "node:zlib";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { type ArchiveEntry, INSTALL_LIMITS, refused } from "./entry.ts";
import { walkFolder } from "./folder.ts";

export interface Packed {
  /** `<id>-<version>.tgz` */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of the archive, in hexadecimal. */
  readonly sha256: string;
  /** What is in it, in order; folders are not told. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const BLOCK = 512;
const NAME = 100;
const PREFIX = 155;

/**
 * Leaves out `node_modules` and what begins with a dot, unless `include` names it or something in it. Throws
 * `plugin_error` for what could not be installed again.
 */
export async function packFolder(
  folder: string,
  { id, version }: Pick<PluginManifest, "id" | "version">,
  include: readonly string[],
): Promise<Packed> {
  const wanted = include.map((path) => path.replace(/^\.\//, "").replace(/\/+$/, "").split("/"));
  const found = wanted.map(() => false);
  const skips = (segments: readonly string[]): boolean => {
    if (segments.every((segment) => segment !== "node_modules" && !segment.startsWith("."))) return false;
    const matching = wanted.map((path) =>
      path.every((segment, at) => at >= segments.length || segments[at] === segment),
    );
    matching.forEach((matches, at) => {
      if (matches && segments.length >= wanted[at]!.length) found[at] = true;
    });
    return !matching.includes(true);
  };
  const blocks: Uint8Array[] = [];
  const files: { path: string; size: number }[] = [];
  let total = 0;
  for await (const entry of walkFolder(folder, INSTALL_LIMITS, skips)) {
    wanted.forEach((path, at) => {
      if (path.join("/") === entry.path) found[at] = true;
    });
    if (entry.type === "folder") continue;
    if (entry.type !== "file") {
      throw refused(
        `${JSON.stringify(entry.path)} is a ${entry.type === "link" ? "link" : "device"}, which a plugin may not have`,
      );
    }
    total += entry.data.length;
    if (total > INSTALL_LIMITS.totalBytes)
      throw refused(`The plugin is larger than ${INSTALL_LIMITS.totalBytes} bytes`);
    files.push({ path: entry.path, size: entry.data.length });
    if (files.length > INSTALL_LIMITS.entries)
      throw refused(`The plugin has more than ${INSTALL_LIMITS.entries} files`);
    blocks.push(...fileBlocks({ ...entry, path: `${id}/${entry.path}` }));
  }
  const missing = include.filter((_, at) => !found[at]);
  if (missing.length > 0) throw refused(`There is no ${JSON.stringify(missing[0])} to include`);
  blocks.push(new Uint8Array(2 * BLOCK));
  const bytes = gzipSync(Buffer.concat(blocks), { level: 9 });
  // The system that packed it.
  bytes[9] = 255;
  if (bytes.length > INSTALL_LIMITS.archiveBytes)
    throw refused(`The archive is larger than ${INSTALL_LIMITS.archiveBytes} bytes`);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return { name: `${id}-${version.replace(/[^0-9A-Za-z.-]/g, "_")}.tgz`, bytes, sha256, files };
}

function fileBlocks({ path, executable, data }: ArchiveEntry): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const placed = place(path);
  if (placed === undefined) {
    const record = paxRecord("path", path);
    blocks.push(header({ name: "pax", prefix: "" }, record.length, "x", 0o644), padded(record));
  }
  const mode = executable ? 0o755 : 0o644;
  blocks.push(header(placed ?? { name: "long", prefix: "" }, data.length, "0", mode), padded(data));
  return blocks;
}

/** How a path fits the two fields of a header; nothing when it does not. */
function place(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (Buffer.byteLength(path) <= NAME) return { name: path, prefix: "" };
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (Buffer.byteLength(prefix) <= PREFIX && Buffer.byteLength(name) <= NAME) return { name, prefix };
  }
  return undefined;
}

function header(place: { name: string; prefix: string }, size: number, type: "0" | "x", mode: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (number: number, length: number) => `${number.toString(8).padStart(length - 1, "0")}\0`;
  block.write(place.name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.fill(" ", 148, 156);
  block.write(type, 156);
  block.write("ustar\0" + "00", 257);
  block.write(octal(0, 8), 329);
  block.write(octal(0, 8), 337);
  block.write(place.prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function paxRecord(key: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  // The digits of the length count themselves.
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function padded(data: Uint8Array): Uint8Array {
  const size = Math.ceil(data.length / BLOCK) * BLOCK;
  if (size === data.length) return data;
  const whole = new Uint8Array(size);
  whole.set(data);
  return whole;
}
