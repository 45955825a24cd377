/** The ids of places as parts of session keys. */

/** As a session key takes it as it is; what begins as the encoded ones do is encoded itself. */
const PLAIN = /^[A-Za-z0-9+-][A-Za-z0-9_.@+-]{0,89}$/;
const ENCODED = "b64.";
const HASHED = "sha.";
/** Bytes that in base64 still fit into a key. */
const LONGEST = 90;

/** One name for each id, also of those that hold characters that a key cannot have. */
export function sessionName(id: string): string {
  if (PLAIN.test(id) && !id.startsWith(ENCODED) && !id.startsWith(HASHED)) return id;
  if (Buffer.byteLength(id) <= LONGEST) return ENCODED + Buffer.from(id).toString("base64url");
  return HASHED + new Bun.CryptoHasher("sha256").update(id).digest("hex");
}
