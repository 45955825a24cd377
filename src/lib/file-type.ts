/** Tells what kind of file bytes are by their beginnings, never by what somebody says. */
import { imageType } from "./image-type.ts";

interface Signature {
  readonly mime: string;
  readonly at?: number;
  /** One character for each byte. */
  readonly bytes: string;
}

const SIGNATURES: readonly Signature[] = [
  { mime: "audio/mpeg", bytes: "ID3" },
  { mime: "audio/flac", bytes: "fLaC" },
  { mime: "audio/aac", bytes: "\xff\xf1" },
  { mime: "audio/aac", bytes: "\xff\xf9" },
  { mime: "audio/amr", bytes: "#!AMR" },
  { mime: "video/x-matroska", bytes: "\x1aE\xdf\xa3" },
  { mime: "image/bmp", bytes: "BM" },
  { mime: "image/tiff", bytes: "II*\0" },
  { mime: "image/tiff", bytes: "MM\0*" },
  { mime: "image/x-icon", bytes: "\0\0\x01\0" },
  { mime: "application/gzip", bytes: "\x1f\x8b" },
  { mime: "application/x-bzip2", bytes: "BZh" },
  { mime: "application/x-xz", bytes: "\xfd7zXZ\0" },
  { mime: "application/zstd", bytes: "(\xb5/\xfd" },
  { mime: "application/x-7z-compressed", bytes: "7z\xbc\xaf'\x1c" },
  { mime: "application/x-rar-compressed", bytes: "Rar!\x1a\x07" },
  { mime: "application/x-tar", at: 257, bytes: "ustar" },
  { mime: "application/x-ole-storage", bytes: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
  { mime: "application/x-sqlite3", bytes: "SQLite format 3\0" },
  { mime: "application/wasm", bytes: "\0asm" },
  { mime: "application/x-executable", bytes: "\x7fELF" },
  { mime: "application/x-msdownload", bytes: "MZ" },
];
/** Brands of files in the container of MP4. */
const BRANDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:M4A|M4B|F4A)/, "audio/mp4"],
  [/^qt/, "video/quicktime"],
  [/^(?:heic|heix|hevc|mif1|msf1)/, "image/heic"],
  [/^(?:avif|avis)/, "image/avif"],
  [/^(?:3g[p2])/, "video/3gpp"],
];
/** What is in an archive tells what it is. */
const PACKAGES: readonly (readonly [string, string])[] = [
  ["word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
];

/** Nothing for text and for what is not known. */
export function fileType(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).toString("latin1");
  const image = imageType(bytes);
  if (image) return image;
  if (head.startsWith("%PDF-")) return "application/pdf";
  if (head.startsWith("PK\x03\x04")) return archiveType(bytes, head);
  if (head.startsWith("RIFF")) return { WAVE: "audio/wav", "AVI ": "video/x-msvideo" }[head.slice(8, 12)];
  if (head.startsWith("OggS")) return /theora/.test(head) ? "video/ogg" : "audio/ogg";
  if (head.slice(4, 8) === "ftyp") {
    const brand = head.slice(8, 12);
    return BRANDS.find(([pattern]) => pattern.test(brand))?.[1] ?? "video/mp4";
  }
  if (head.startsWith("\x1aE\xdf\xa3") && head.includes("webm")) return "video/webm";
  // A frame of MPEG audio without a tag: eleven bits, then a layer and a rate that there are.
  if (/^\xff[\xe2-\xe7\xf2-\xf7\xfa\xfb]/.test(head)) return "audio/mpeg";
  const found = SIGNATURES.find(({ at = 0, bytes }) => head.startsWith(bytes, at));
  // Two letters alone are the beginning of many a text.
  return found && (found.bytes.length > 2 || head.includes("\0")) ? found.mime : undefined;
}

function archiveType(bytes: Uint8Array, head: string): string {
  // Such documents begin with an entry, not compressed, that says what they are.
  const type = head.slice(30, 38) === "mimetype" ? /^application\/[a-z0-9.+-]+/.exec(head.slice(38))?.[0] : undefined;
  if (type !== undefined) return type;
  // The names of all files stand at the end of an archive.
  const tail = Buffer.from(bytes.subarray(Math.max(0, bytes.byteLength - 65_536))).toString("latin1");
  return (
    PACKAGES.find(([folder]) => tail.includes(`${folder}`) && tail.includes("[Content_Types].xml"))?.[1] ??
    "application/zip"
  );
}

/** Whether all of it is text in UTF-8. */
export function isUtf8Text(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof TypeError) return false;
    throw thrown;
  }
}
