/** JSON with one spelling for each value: sorted keys, no white space (RFC 8785 for what JSON.stringify gives). */

/** Throws `TypeError` for what JSON cannot hold at the top, such as a function. */
export function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (isPlain(item) ? sorted(item) : item));
  if (text === undefined) throw new TypeError("Value has no JSON form");
  return text;
}

/** Lower-case hex SHA-256 of the canonical form. */
export function canonicalDigest(value: unknown): string {
  return new Bun.CryptoHasher("sha256").update(canonicalJson(value)).digest("hex");
}

function isPlain(item: unknown): item is Record<string, unknown> {
  return typeof item === "object" && item !== null && !Array.isArray(item);
}

function sorted(item: Record<string, unknown>): Record<string, unknown> {
  // Keys such as "1" come first in any object of JavaScript; that order is fixed as well, so the spelling stays unique.
  return Object.fromEntries(
    Object.keys(item)
      .sort()
      .map((key) => [key, item[key]]),
  );
}
