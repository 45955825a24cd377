/** An Ed25519 key of one's own (RFC 8032), kept in a file that the owner alone reads. */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { linkFile } from "./link-file.ts";

export interface SigningKey {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly id: string;
  /** The raw public key in base64url. */
  readonly publicKey: string;
  /** Of the text in UTF-8, in base64url. */
  sign(text: string): Promise<string>;
}

const PEM = /^-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/;

/**
 * The key in the file (PKCS #8 in PEM), made when there is none; of two processes that make it at once both get the same.
 * Throws `RangeError` when the file holds something else, and the system's error when it cannot be read or made.
 */
export async function ensureSigningKey(path: string): Promise<SigningKey> {
  const kept = read(path);
  if (kept !== undefined) return toKey(kept);
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const body = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).toString("base64");
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  linkFile(path, `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`);
  return toKey(read(path)!);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function toKey(pem: string): Promise<SigningKey> {
  const body = PEM.exec(pem.trim())?.[1];
  let key: CryptoKey;
  let publicKey: string;
  try {
    if (body === undefined) throw new RangeError("no PEM");
    const bytes = new Uint8Array(Buffer.from(body, "base64"));
    const readable = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]);
    publicKey = (await crypto.subtle.exportKey("jwk", readable)).x!;
    key = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", false, ["sign"]);
  } catch (cause) {
    throw new RangeError("must hold an Ed25519 key in PEM", { cause });
  }
  return {
    id: new Bun.CryptoHasher("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex"),
    publicKey,
    async sign(text) {
      const signature = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text));
      return Buffer.from(signature).toString("base64url");
    },
  };
}
