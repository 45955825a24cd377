/** The rules of `permissions.network`: which scheme, host and port a plugin may connect to, and which addresses stand behind. */
import { isAddress, reachOf } from "../lib/ip-address.ts";
import { AlephError } from "../protocol/errors.ts";
import { hostOf, portOf } from "./dial.ts";

export interface NetworkRule {
  /** `ws` is judged as `http`, `wss` as `https`. */
  readonly scheme: "http" | "https";
  /** In the form of the URL standard: small letters, Punycode, addresses in their usual spelling without brackets. */
  readonly host: string;
  /** `exact`: this host. `below`: every name that ends in `.host`, not itself. `any`: every host, `host` is empty. */
  readonly match: "exact" | "below" | "any";
  readonly port: string;
}

export interface NetworkRules {
  /** Whether a rule names scheme, host and port. */
  names(url: URL): boolean;
  /** Whether `address`, one that `url`'s host has now, may be dialled. */
  mayReach(url: URL, address: string): boolean;
}

const FORM = /^connect:(https?|wss?):\/\/(\*\.|\*(?=$|:))?([^\s/\\?#@*%]*)$/i;
/** Endings of names that exist in one network only (RFC 6762, 8375, 6762 appendix G, ICANN's `.internal`). */
const LOCAL_ENDINGS = /(?:^[^.]+|\.(?:local|localdomain|lan|home|home\.arpa|internal|intranet|private|corp))$/;

/** Throws `plugin_error` that says what is wrong with it. */
export function parseNetworkRule(text: string): NetworkRule {
  const refuse = (why: string) =>
    new AlephError("plugin_error", `Network permission ${JSON.stringify(text)} ${why}`, {
      data: {
        hint: 'Write it like "connect:https://api.example.com", "connect:https://*.example.com" or "connect:http://127.0.0.1:8080"',
      },
    });
  const [, given, star, rest] = FORM.exec(text) ?? [];
  if (given === undefined || rest === undefined) throw refuse("is not a scheme with a host and perhaps a port");
  const scheme = /^(?:https|wss)$/i.test(given) ? "https" : "http";
  // The URL standard's own reading, so that a rule and a request cannot be read in two ways.
  const url = URL.parse(`${scheme}://${star === "*" ? `any${rest}` : rest}`);
  if (!url) throw refuse("does not name a host");
  const host = hostOf(url);
  if (!isWellFormed(host)) throw refuse("does not name a host");
  const port = portOf(url);
  if (port === "0") throw refuse("names port 0, which nothing listens on");
  if (star === "*") return { scheme, host: "", match: "any", port };
  if (star === undefined) return { scheme, host, match: "exact", port };
  if (isAddress(host)) throw refuse("has a wildcard before an address");
  return { scheme, host, match: "below", port };
}

/**
 * The rule for `https://example.com` or `example.com:8080`, as somebody asks for it, spelled as it is understood: a person who
 * is shown it must see that `2130706433` is this machine. Throws `invalid_params` for what names no host.
 */
export function networkRuleOf(text: string): string {
  const rule = `connect:${/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`}`.replace(/\/$/, "");
  try {
    const { scheme, host, match, port } = parseNetworkRule(rule);
    const name = match === "any" ? "*" : match === "below" ? `*.${host}` : host.includes(":") ? `[${host}]` : host;
    return `connect:${scheme}://${name}${port === (scheme === "https" ? "443" : "80") ? "" : `:${port}`}`;
  } catch (cause) {
    throw new AlephError("invalid_params", `${JSON.stringify(text)} does not name a host`, {
      cause,
      data: { hint: 'Write it like "https://api.example.com" or "http://127.0.0.1:8080"' },
    });
  }
}

/** Throws `plugin_error` for a rule that is none. */
export function parseNetworkRules(texts: readonly string[]): NetworkRules {
  const rules = texts.map(parseNetworkRule);
  const matching = (url: URL): readonly NetworkRule[] => {
    const scheme = url.protocol === "https:" || url.protocol === "wss:" ? "https" : "http";
    const host = hostOf(url);
    const port = portOf(url);
    return isWellFormed(host)
      ? rules.filter((rule) => rule.scheme === scheme && rule.port === port && hasHost(rule, host))
      : [];
  };
  return {
    names: (url) => matching(url).length > 0,
    mayReach(url, address) {
      const reach = reachOf(address);
      return matching(url).some((rule) => {
        if (reach === "public") return true;
        // What a person reads in a rule is what it opens: a name that looks public opens nothing at home.
        if (rule.match !== "exact") return false;
        if (isAddress(rule.host)) return true;
        if (rule.host === "localhost" || rule.host.endsWith(".localhost")) return reach === "loopback";
        return reach === "private" && LOCAL_ENDINGS.test(rule.host);
      });
    },
  };
}

function hasHost({ match, host: named }: NetworkRule, host: string): boolean {
  if (match === "any") return true;
  return match === "exact" ? host === named : host.endsWith(`.${named}`) && host.length > named.length + 1;
}

/** No empty label: `a..b`, `.a` and `a..` are read differently by different resolvers. */
function isWellFormed(host: string): boolean {
  return (
    isAddress(host) || (host.length <= 253 && host.split(".").every((label) => label !== "" && label.length <= 63))
  );
}
