/** Ed25519 without WebCrypto, which browsers deny to pages over plain HTTP: there the tailnet encrypts. Loaded when needed. */
import { getPublicKey, hashes, sign as signBytes, utils } from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { base64url, hex } from "./encode.ts";

hashes.sha512 = sha512;

export interface PureKey {
  readonly secret: Uint8Array;
  readonly publicKey: string;
  readonly id: string;
}

export function makeKey(): PureKey {
  const secret = utils.randomSecretKey();
  const publicKey = getPublicKey(secret);
  return { secret, publicKey: base64url(publicKey), id: hex(sha256(publicKey)) };
}

/** Of the text in UTF-8, in base64url. */
export function sign(secret: Uint8Array, text: string): string {
  return base64url(signBytes(new TextEncoder().encode(text), secret));
}
