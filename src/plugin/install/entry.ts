/** What an archive or a folder holds, and the rules that every piece of it must keep before it is written anywhere. */
import { AlephError } from "../../protocol/errors.ts";

export interface ArchiveEntry {
  /** As it stands in the archive. */
  readonly path: string;
  /** `link` and `special` are there to be refused by name. */
  readonly type: "file" | "folder" | "link" | "special";
  readonly executable: boolean;
  /** Empty for all but files. */
  readonly data: Uint8Array;
}

export interface InstallLimits {
  /** Of the archive, as it is downloaded or lies on the disk. */
  readonly archiveBytes: number;
  /** Of all files together. */
  readonly totalBytes: number;
  readonly fileBytes: number;
  readonly entries: number;
  /** Bytes that may come out of one byte of an archive. */
  readonly ratio: number;
}

export const INSTALL_LIMITS: InstallLimits = {
  archiveBytes: 64 * 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  fileBytes: 64 * 1024 * 1024,
  entries: 20_000,
  ratio: 200,
};

const MAX_PATH = 1024;
const MAX_SEGMENT = 255;
const MAX_DEPTH = 32;
/** Names that are devices on Windows, with any ending. */
const DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

export function refused(what: string, cause?: unknown): AlephError {
  return new AlephError("plugin_error", what, { cause, data: { hint: "Nothing was installed" } });
}

/**
 * The segments of a path that stays inside of the folder on every system, empty for the folder itself. Throws
 * `plugin_error` for any other.
 */
export function readPath(path: string): readonly string[] {
  const shown = JSON.stringify(path.slice(0, 200));
  if (Buffer.byteLength(path) > MAX_PATH) throw refused(`The path ${shown} is too long`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refused(`The path ${shown} holds a control character`);
  if (path.startsWith("/")) throw refused(`The path ${shown} is absolute`);
  if (/[\\:]/.test(path)) throw refused(`The path ${shown} holds a backslash or a colon`);
  const segments = path
    .replace(/^(?:\.\/)+/, "")
    .replace(/\/$/, "")
    .split("/");
  if (segments.length === 1 && (segments[0] === "" || segments[0] === ".")) return [];
  if (segments.length > MAX_DEPTH) throw refused(`The path ${shown} is too deep`);
  for (const segment of segments) {
    if (segment === ".." || segment === "." || segment === "") throw refused(`The path ${shown} leads elsewhere`);
    if (Buffer.byteLength(segment) > MAX_SEGMENT) throw refused(`The path ${shown} is too long`);
    if (/[. ]$/.test(segment) || DEVICES.test(segment)) {
      throw refused(`The path ${shown} is no file's name on every system`);
    }
  }
  return segments;
}

/** What version control and operating systems leave behind, and no plugin is made of. */
export function isLeftOut(segments: readonly string[]): boolean {
  return segments.some((segment) => segment === ".git" || segment === "__MACOSX" || segment === ".DS_Store");
}
