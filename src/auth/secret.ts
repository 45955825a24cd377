/** Comparing secrets: only hashes are kept, and a comparison takes the same time whatever is wrong. */

/** SHA-256 in lower-case hex. */
export function hashSecret(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}

/** Tells one secret from another and says nothing about either. */
export function fingerprint(secret: string): string {
  return hashSecret(`fingerprint ${secret}`).slice(0, 32);
}

/** Takes as long for any two secrets of the same length; how long a secret is, everybody may know. */
export function sameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && crypto.timingSafeEqual(left, right);
}
