/** The way out that all requests to strangers share: what a URL really names, its addresses, and a call to one of them. */
import { isAddress } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";

/** All addresses of a name, best first. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A URL as it will be called, read once and nowhere else. Throws `invalid_params` for what is none or has another
 * scheme, `forbidden` for a name or password in it.
 */
export function parseTarget(text: string, { schemes, base }: { readonly schemes: readonly string[]; base?: URL }): URL {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  const hasControl = /[\u0000-\u001f\u007f]/.test(text);
  const url = hasControl ? null : URL.parse(text, base?.href);
  const shown = text.slice(0, 200);
  if (!url) throw new AlephError("invalid_params", `"${shown}" is not a URL`);
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    throw new AlephError("invalid_params", `"${shown}" is not an ${schemes.join(" or ")} URL`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new AlephError("forbidden", `"${url.host}" may not be called with a name or password in the URL`);
  }
  return url;
}

/** Without the brackets of IPv6 and the dot that may end a name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

export function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" || url.protocol === "wss:" ? "443" : "80");
}

/** The addresses of a name, or the address that `host` is. Throws `not_found`, or what `signal` says on abort. */
export async function addressesOf(lookup: Lookup, host: string, signal: AbortSignal): Promise<readonly string[]> {
  if (isAddress(host)) return [host];
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const addresses = await Promise.race([lookup(host), aborted.promise]);
    if (addresses.length > 0) return addresses;
  } catch (cause) {
    signal.throwIfAborted();
    throw new AlephError("not_found", `"${host}" cannot be resolved`, { cause });
  } finally {
    signal.removeEventListener("abort", stop);
  }
  throw new AlephError("not_found", `"${host}" cannot be resolved`);
}

/** The same URL at one of its addresses, and how the certificate is still asked for in its name. */
export function atAddress(url: URL, address: string): { readonly url: URL; readonly tls?: { serverName: string } } {
  const dialled = new URL(url);
  dialled.hostname = address.includes(":") ? `[${address}]` : address;
  const host = hostOf(url);
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  return { url: dialled, ...(isSecure && !isAddress(host) ? { tls: { serverName: host } } : {}) };
}

export interface DialInit {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Calls the addresses in turn until one answers; redirects are answers. Throws `not_found`, or what `signal` says. */
export async function dial(
  fetch: typeof globalThis.fetch,
  url: URL,
  addresses: readonly string[],
  { method, headers, body, signal }: DialInit,
): Promise<Response> {
  const withHost = new Headers(headers);
  withHost.set("host", url.host);
  let failure: unknown;
  for (const address of addresses) {
    const { url: dialled, tls } = atAddress(url, address);
    try {
      return await fetch(dialled, {
        method,
        headers: withHost,
        ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
        redirect: "manual",
        signal,
        // The certificate must be the name's, not the address's. No connection is shared between names.
        ...(tls ? { tls } : {}),
        keepalive: false,
        // A proxy would resolve the name once more.
        proxy: false,
      });
    } catch (thrown) {
      signal.throwIfAborted();
      failure = thrown;
      if (!isConnectFailure(thrown)) break;
    }
  }
  const detail = failure instanceof Error && "code" in failure ? ` (${String(failure.code)})` : "";
  throw new AlephError("not_found", `Cannot reach "${url.host}"${detail}`, { cause: failure });
}

/** Whether another address of the same name may be tried: nothing was sent yet. */
function isConnectFailure(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return ["ConnectionRefused", "FailedToOpenSocket", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"].includes(code);
}
