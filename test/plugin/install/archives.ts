/** Archives as others make them, and as nobody should: every field can be wrong. */
import { deflateRawSync, gzipSync } from "node:zlib";

export interface TarPiece {
  readonly path: string;
  readonly data?: string | Uint8Array;
  /** `0` file, `1` hard link, `2` link, `3` to `6` devices, folder and pipe, `x` pax, `L` GNU's long name. */
  readonly type?: string;
  readonly link?: string;
  readonly mode?: number;
  /** Instead of the length of `data`. */
  readonly size?: string;
  readonly prefix?: string;
  readonly damaged?: true;
}

export function tarOf(pieces: readonly TarPiece[]): Uint8Array {
  const blocks = pieces.flatMap(
    ({ path, data = "", type = "0", link = "", mode = 0o644, size, prefix = "", damaged }) => {
      const content = Buffer.from(data as string);
      const header = Buffer.alloc(512);
      header.write(path, 0);
      header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
      header.write(size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
      header.fill(" ", 148, 156);
      header.write(type, 156);
      header.write(link, 157);
      header.write("ustar\x0000", 257);
      header.write(prefix, 345);
      const sum = header.reduce((total, byte) => total + byte, 0) + (damaged ? 1 : 0);
      header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
    },
  );
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function tgzOf(pieces: readonly TarPiece[]): Uint8Array {
  return gzipSync(tarOf(pieces));
}

export interface ZipPiece {
  readonly path: string;
  readonly data?: string | Uint8Array;
  /** With the kind of file, as Unix has it. */
  readonly mode?: number;
  readonly stored?: true;
  /** What the directory says instead of what is. */
  readonly says?: { size?: number; crc?: number; flags?: number; method?: number; offset?: number; path?: string };
}

export function zipOf(pieces: readonly ZipPiece[], { comment = "" } = {}): Uint8Array {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { path, data = "", mode = 0o100644, stored, says = {} } of pieces) {
    const content = Buffer.from(data as string);
    const packed = stored ? content : deflateRawSync(content);
    const name = Buffer.from(path, path.includes("\xff") ? "latin1" : "utf8");
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(says.flags ?? 0x800, 2);
    fields.writeUInt16LE(says.method ?? (stored ? 0 : 8), 4);
    fields.writeUInt32LE(says.crc ?? Bun.hash.crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(says.size ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, name, packed]);
    const directoryName = says.path === undefined ? name : Buffer.from(says.path);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02");
    entry.writeUInt16LE((3 << 8) | 20, 4);
    fields.copy(entry, 6);
    entry.writeUInt16LE(directoryName.length, 28);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(says.offset ?? offset, 42);
    locals.push(local);
    entries.push(Buffer.concat([entry, directoryName]));
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(pieces.length, 8);
  end.writeUInt16LE(pieces.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, end, Buffer.from(comment)]);
}
