/** config.toml as a file: read as text, and found behind a link. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { configInvalid } from "./problem.ts";

/** Far more than a person writes; a wrong file must not stall the server. */
export const MAX_BYTES = 1024 * 1024;

/** Absent when there is no file. Throws `config_invalid` when it cannot be read as text. */
export function readText(path: string): string | undefined {
  // An error costs a start without a file more than looking first.
  if (!existsSync(path)) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw configInvalid([{ path: "", message: "the file cannot be read" }], cause);
  }
  if (bytes.length > MAX_BYTES)
    throw configInvalid([{ path: "", message: `the file is larger than ${MAX_BYTES} bytes` }]);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw configInvalid([{ path: "", message: "the file is not UTF-8 text" }], cause);
  }
}

/** A linked config.toml stays a link: its target is replaced. */
export function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return path;
    throw thrown;
  }
}
