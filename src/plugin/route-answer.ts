/** What a plugin's handler answers, checked and made into a response that can do nothing in the name of the panel. */
import { AlephError } from "../protocol/errors.ts";
import type { PluginHttpAnswer } from "../sdk/plugin-route.ts";

/** Those that describe the body and how long it is good for. All else is the server's, or another origin's, affair. */
const ALLOWED = new Set([
  "allow",
  "cache-control",
  "content-disposition",
  "content-language",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "location",
  "retry-after",
  "vary",
]);
/** A plugin's own headers, but for those that browsers or proxies obey: `x-accel-redirect` fetches a file of the proxy. */
const OWN =
  /^x-(?!accel-|content-type-options$|dns-prefetch-control$|frame-options$|lighttpd-|permitted-|sendfile|xss-)/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** Visible ASCII, spaces and tabs (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e]{0,8192}$/;
const MAX_HEADERS = 64;
const WITHOUT_BODY = [204, 205, 304];

/** A page has no origin, runs nothing, asks nobody, is framed by nobody: what it shows is all that it does. */
const CONFINED = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
};

/** Throws `plugin_error` for what is no `PluginHttpAnswer`. */
export function toResponse(answer: unknown, dropped: (header: string) => void): Response {
  if (answer === undefined || answer === null) return new Response(null, { status: 204, headers: CONFINED });
  if (typeof answer !== "object" || Array.isArray(answer)) throw wrong("it is no object");
  const { status = 200, headers = {}, body, encoding = "utf8" } = answer as PluginHttpAnswer;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw wrong("its status is not one from 200 to 599");
  if (encoding !== "utf8" && encoding !== "base64") throw wrong('its encoding is not "utf8" or "base64"');
  if (typeof headers !== "object" || headers === null || Array.isArray(headers))
    throw wrong("its headers are no object");
  if (Object.keys(headers).length > MAX_HEADERS) throw wrong(`it has more than ${MAX_HEADERS} headers`);
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!NAME.test(name) || typeof value !== "string" || !VALUE.test(value)) throw wrong("a header is not valid");
    if (ALLOWED.has(lower) || OWN.test(lower)) sent.set(lower, value);
    else dropped(lower);
  }
  for (const [name, value] of Object.entries(CONFINED)) sent.set(name, value);
  if (!sent.has("cache-control")) sent.set("cache-control", "no-store");
  if (WITHOUT_BODY.includes(status)) return new Response(null, { status, headers: sent });
  return new Response(bytesOf(body, encoding, sent), { status, headers: sent });
}

function bytesOf(
  body: unknown,
  encoding: "utf8" | "base64",
  headers: Headers,
): string | Uint8Array<ArrayBuffer> | null {
  if (body === undefined || body === null) return null;
  const setType = (type: string) => {
    if (!headers.has("content-type")) headers.set("content-type", type);
  };
  if (encoding === "base64") {
    setType("application/octet-stream");
    return decoded(body);
  }
  setType(typeof body === "string" ? "text/plain; charset=utf-8" : "application/json");
  return typeof body === "string" ? body : JSON.stringify(body);
}

function decoded(body: unknown): Uint8Array<ArrayBuffer> {
  try {
    if (typeof body === "string") return Uint8Array.fromBase64(body);
  } catch {
    // It is some other text.
  }
  throw wrong("its body is not base64");
}

function wrong(why: string): AlephError {
  return new AlephError("plugin_error", `The plugin's answer is not valid: ${why}`);
}
