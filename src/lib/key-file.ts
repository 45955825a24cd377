/** A secret key in a file of its own, made when it is first needed. */
import { readFileSync } from "node:fs";
import { writeAtomic } from "./atomic-write.ts";

const KEY_BYTES = 32;

/**
 * 256 random bits, readable by the owner alone. Throws `RangeError` when the file holds less than that, and the system's
 * error when it cannot be read or made.
 */
export function ensureKeyFile(path: string): Buffer {
  try {
    const kept = Buffer.from(readFileSync(path, "utf8").trim(), "base64url");
    if (kept.length >= KEY_BYTES) return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return makeKey(path);
  }
  throw new RangeError(`must have ${KEY_BYTES} bytes in base64url`);
}

function makeKey(path: string): Buffer {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  // Half a key, left by a power cut, would be refused for good.
  writeAtomic(path, `${key.toString("base64url")}\n`);
  return key;
}
