/** Where a browser may go: what is public, and the private hosts that the config names. */
import { isAddress, reachOf } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";
import { hostOf, parseTarget, portOf } from "../sandbox/dial.ts";
import type { NetworkRules } from "../sandbox/network-rules.ts";

/** Nobody has it (RFC 6761): a request that is only to be refused. */
export const NOWHERE = "aleph.invalid";

/** For the proxy, through which all of a browser's requests go. `allowHosts` as `host` or `host:port`, asked each time. */
export function browserRules(allowHosts: () => readonly string[]): NetworkRules {
  return {
    names: (url) => !hostOf(url).endsWith(".invalid"),
    mayReach: (url, address) => reachOf(address) === "public" || isAllowed(url, allowHosts()),
  };
}

/** A URL as a person may give it. Throws `invalid_params` for other schemes than http and https, `forbidden` for a private address. */
export function parsePageUrl(text: string, allowHosts: readonly string[]): URL {
  const url = parseTarget(text, { schemes: ["http", "https"] });
  const host = hostOf(url);
  const isPrivate = isAddress(host) ? reachOf(host) !== "public" : /(?:^|\.)localhost$/.test(host);
  if (isPrivate && !isAllowed(url, allowHosts)) throw notPublic(url.host);
  return url;
}

export function notPublic(host: string): AlephError {
  return new AlephError("forbidden", `"${host}" is not on the public internet`, {
    data: { hint: `The user can allow it in config.toml: [tools.browser] allow_hosts = ["${host}"]` },
  });
}

function isAllowed(url: URL, allowHosts: readonly string[]): boolean {
  const host = hostOf(url);
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const names = new Set([host, bracketed, `${bracketed}:${portOf(url)}`]);
  return allowHosts.some((allowed) => names.has(allowed.toLowerCase()));
}
