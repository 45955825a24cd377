/**
 * Requests to the outside on behalf of a model: a name is resolved once, every address of it is judged, and the request
 * goes to the address that was judged, so that a name which changes its mind (DNS rebinding) gains nothing.
 */
import { isAddress, isPublicAddress } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";

export interface EgressOptions {
  /** All addresses of a name, best first. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly fetch: typeof fetch;
  /** Hosts that may be private, as `host` or `host:port`; asked at each request. */
  readonly allowHosts: () => readonly string[];
}

export interface Egress {
  /**
   * A GET that follows redirects, each judged like the first. Throws `invalid_params` for what is no http(s) URL,
   * `forbidden` for an address that is not public, `not_found` when nothing answers there, what `signal` says on abort.
   */
  get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EgressAnswer>;
}

export interface EgressAnswer {
  /** After redirects. */
  readonly url: string;
  readonly response: Response;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createEgress(options: EgressOptions): Egress {
  return {
    async get(url, headers, signal) {
      let target = parseTarget(url);
      for (let redirects = 0; ; redirects++) {
        const response = await dial(options, target, headers, signal);
        const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
        if (location === null) return { url: target.href, response };
        await response.body?.cancel();
        if (redirects === MAX_REDIRECTS)
          throw new AlephError("not_found", `"${url}" redirects more than ${MAX_REDIRECTS} times`);
        target = parseTarget(location, target);
      }
    },
  };
}

function parseTarget(text: string, base?: URL): URL {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  const hasControl = /[\u0000-\u001f\u007f]/.test(text);
  const url = hasControl ? null : URL.parse(text, base?.href);
  const shown = text.slice(0, 200);
  if (!url) throw new AlephError("invalid_params", `"${shown}" is not a URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new AlephError("invalid_params", `"${shown}" is not an http or https URL`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new AlephError("forbidden", `"${url.host}" may not be called with a name or password in the URL`);
  }
  return url;
}

async function dial(
  options: EgressOptions,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const host = hostOf(url);
  const addresses = await judgedAddresses(options, url, host, signal);
  let failure: unknown;
  for (const address of addresses) {
    const dialled = new URL(url);
    dialled.hostname = address.includes(":") ? `[${address}]` : address;
    try {
      return await options.fetch(dialled, {
        headers: { ...headers, host: url.host },
        redirect: "manual",
        signal,
        // The certificate must be the name's, not the address's. No connection is shared between names.
        ...(url.protocol === "https:" && !isAddress(host) ? { tls: { serverName: host } } : {}),
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

async function judgedAddresses(
  { lookup, allowHosts }: EgressOptions,
  url: URL,
  host: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const addresses = isAddress(host) ? [host] : await resolve(lookup, host, signal);
  if (isAllowed(url, host, allowHosts()) || addresses.every(isPublicAddress)) return addresses;
  throw new AlephError("forbidden", `"${url.host}" is not on the public internet`, {
    data: { hint: `The user can allow it in config.toml: [tools.web_fetch] allow_hosts = ["${url.host}"]` },
  });
}

async function resolve(lookup: EgressOptions["lookup"], host: string, signal: AbortSignal): Promise<readonly string[]> {
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

/** Without the brackets of IPv6 and the dot that may end a name. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

function isAllowed(url: URL, host: string, allowHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const names = new Set([host, bracketed, `${bracketed}:${port}`]);
  return allowHosts.some((allowed) => names.has(allowed.toLowerCase()));
}

/** Whether another address of the same name may be tried: nothing was sent yet. */
function isConnectFailure(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return ["ConnectionRefused", "FailedToOpenSocket", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"].includes(code);
}
