/** Identifiers: a prefix that names the kind and a UUIDv7, so that ids sort by the time they were made. */

export type Id<Prefix extends string> = `${Prefix}_${string}`;

/** `run_019aa3…`: 128 bits of UUIDv7 (RFC 9562) in hex behind the prefix. */
export function createId<const Prefix extends string>(prefix: Prefix): Id<Prefix> {
  return `${prefix}_${Bun.randomUUIDv7().replaceAll("-", "")}`;
}

/** A bearer secret: 256 random bits in base64url behind a prefix that scanners can recognise. */
export function createSecret(prefix: string): string {
  return `aleph_${prefix}_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
}
