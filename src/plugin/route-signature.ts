/** Whether a body is signed with a route's secret: HMAC-SHA-256 over its bytes as they came, in hexadecimal. */
import { timingSafeEqual } from "node:crypto";
import type { RouteSignature } from "../sdk/plugin.ts";

const HEX = /^[0-9a-f]{64}$/i;

export function isSigned(
  body: Uint8Array,
  headers: Headers,
  { header, prefix }: Pick<RouteSignature, "header" | "prefix">,
  secret: string,
): boolean {
  const sent = headers.get(header) ?? "";
  const digest = sent.slice(prefix.length);
  if (!sent.startsWith(prefix) || !HEX.test(digest)) return false;
  const expected = new Bun.CryptoHasher("sha256", secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(digest, "hex"));
}
