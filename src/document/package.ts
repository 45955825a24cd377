/** The files inside an office document, which is a ZIP archive: only those asked for, and no more than fits. */
import { DocumentFault } from "./extracted.ts";
import { unzipSync } from "./packages.ts";

/** Unpacked bytes in all, and of how many files; what needs more was made to be too much. */
const MAX_UNPACKED = 192 * 1024 * 1024;
const MAX_FILES = 20_000;

export interface DocumentPackage {
  readonly names: readonly string[];
  /** Undefined when there is no such file. Throws `DocumentFault` when it is too large or broken. */
  text(name: string): string | undefined;
}

/** Throws `DocumentFault` for what is no archive. */
export function openPackage(bytes: Uint8Array): DocumentPackage {
  const names: string[] = [];
  const sizes = new Map<string, number>();
  let left = MAX_UNPACKED;
  const unzip = (wanted: string | undefined): Uint8Array | undefined => {
    try {
      const found = unzipSync(bytes, {
        filter({ name, originalSize }) {
          if (wanted === undefined) {
            names.push(name);
            sizes.set(name, originalSize);
            if (names.length > MAX_FILES) throw new DocumentFault("it holds too many files");
          }
          return name === wanted;
        },
      });
      return wanted === undefined ? undefined : found[wanted];
    } catch (cause) {
      if (cause instanceof DocumentFault) throw cause;
      throw new DocumentFault("it is no archive that can be opened", { cause });
    }
  };
  unzip(undefined);
  return {
    names,
    text(name) {
      const size = sizes.get(name);
      if (size === undefined) return undefined;
      left -= size;
      if (left < 0) throw new DocumentFault("unpacked it is too large");
      const unpacked = unzip(name);
      if (unpacked === undefined) return undefined;
      return decode(unpacked);
    },
  };
}

function decode(bytes: Uint8Array): string {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString("latin1");
  if (mark === "\xff\xfe") return new TextDecoder("utf-16le").decode(bytes);
  if (mark === "\xfe\xff") return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder().decode(bytes);
}
