/** The panel's session cookie. Cookies know no ports, so it is only half of a login: the key in the page is the other. */

const PLAIN = "aleph_session";
/** With TLS the browser itself guarantees host, path and `Secure` (RFC 6265bis §4.1.3.2). */
const HARDENED = "__Host-aleph_session";

export function readCookie(headers: Headers): string | undefined {
  const header = headers.get("cookie");
  if (!header) return undefined;
  const cookies = new Bun.CookieMap(header);
  return cookies.get(HARDENED) ?? cookies.get(PLAIN) ?? undefined;
}

/** `Set-Cookie` for a login that lasts until `expiresAt`; undefined value ends it. */
export function sessionCookie(
  value: string | undefined,
  { expiresAt, secure }: { expiresAt: number; secure: boolean },
): string {
  return new Bun.Cookie({
    name: secure ? HARDENED : PLAIN,
    value: value ?? "",
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure,
    expires: value === undefined ? new Date(0) : new Date(expiresAt),
  }).serialize();
}
