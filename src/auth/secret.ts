/** Comparing secrets: only hashes are kept, and a comparison takes the same time whatever is wrong. */

/** SHA-256 in lower-case hex. */
export function hashSecret(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}

/** Tells one secret from another and says nothing about either. */
export function fingerprint(secret: string): string {
  return hashSecret(`fingerprint ${secret}`).slice(0, 32);
}

/** Constant time for any lengths: both sides are hashed first. */
export function sameSecret(a: string, b: string): boolean {
  return crypto.timingSafeEqual(Buffer.from(hashSecret(a), "hex"), Buffer.from(hashSecret(b), "hex"));
}
