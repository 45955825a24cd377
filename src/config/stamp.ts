/** Remembers that a config file was found valid, so that the next start need not load the schema to know. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { VERSION } from "../lib/version.ts";
import { SCHEMA_VERSION } from "./schema-version.ts";

/** One hash for the text and all that decides whether it is valid. Tells nothing of the content. */
export function stampOf(text: string, version = `${VERSION}/${SCHEMA_VERSION}`): string {
  return new Bun.CryptoHasher("sha256").update(`${version}\0`).update(text).digest("hex");
}

export function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Whatever the reason: without a stamp the file is checked.
    return undefined;
  }
}

/** Not synced: half a stamp matches nothing. Throws the system's error. */
export function writeStamp(path: string, stamp: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, stamp, { mode: 0o600 });
}
