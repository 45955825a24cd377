/**
 * Requests to the outside on behalf of a model: a name is resolved once, every address of it is judged, and the request
 * goes to the address that was judged, so that a name which changes its mind (DNS rebinding) gains nothing.
 */
import { isPublicAddress } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";
import { addressesOf, dial, hostOf, type Lookup, parseTarget, portOf, REDIRECTS } from "./dial.ts";

export interface EgressOptions {
  readonly lookup: Lookup;
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
const SCHEMES = ["http", "https"];

export function createEgress(options: EgressOptions): Egress {
  return {
    async get(url, headers, signal) {
      let target = parseTarget(url, { schemes: SCHEMES });
      for (let redirects = 0; ; redirects++) {
        const addresses = await judgedAddresses(options, target, signal);
        const init = { method: "GET", headers: new Headers(headers), signal };
        const response = await dial(options.fetch, target, addresses, init);
        const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
        if (location === null) return { url: target.href, response };
        await response.body?.cancel();
        if (redirects === MAX_REDIRECTS)
          throw new AlephError("not_found", `"${url}" redirects more than ${MAX_REDIRECTS} times`);
        target = parseTarget(location, { schemes: SCHEMES, base: target });
      }
    },
  };
}

async function judgedAddresses(
  { lookup, allowHosts }: EgressOptions,
  url: URL,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const host = hostOf(url);
  const addresses = await addressesOf(lookup, host, signal);
  if (isAllowed(url, host, allowHosts()) || addresses.every(isPublicAddress)) return addresses;
  throw new AlephError("forbidden", `"${url.host}" is not on the public internet`, {
    data: { hint: `The user can allow it in config.toml: [tools.web_fetch] allow_hosts = ["${url.host}"]` },
  });
}

function isAllowed(url: URL, host: string, allowHosts: readonly string[]): boolean {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const names = new Set([host, bracketed, `${bracketed}:${portOf(url)}`]);
  return allowHosts.some((allowed) => names.has(allowed.toLowerCase()));
}
