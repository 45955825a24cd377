/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1). */

/** Undefined when the header says something else. */
export function bearerOf(header: string): string | undefined {
  if (header.startsWith("Bearer ") && !header.includes(" ", 7)) return header.slice(7);
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}
