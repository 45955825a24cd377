/**
 * Host and Origin: keeps pages in the user's browser and rebinding names away from the server, cookie or not.
 * (Fetch §3.2 "Origin header"; DNS rebinding: a foreign name that resolves to this machine still sends its own Host.)
 */
import { AlephError } from "../protocol/errors.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

export interface OriginRules {
  /** The address that the server listens on. */
  readonly boundHost: string;
  /** Names without or with a port. */
  readonly allowedHosts: readonly string[];
  /** `https://panel.example`: exact origins. */
  readonly allowedOrigins: readonly string[];
}

/** Throws `forbidden` unless this Host may be asked for and this Origin may ask. */
export function checkOrigin(headers: Headers, secure: boolean, rules: OriginRules): void {
  const host = headers.get("host")?.toLowerCase();
  if (!host || !isKnownHost(host, rules)) {
    throw new AlephError("forbidden", "This host name is not served here", {
      data: { hint: "List it under [gateway].allowed_hosts in config.toml" },
    });
  }
  const origin = headers.get("origin");
  if (
    origin !== null &&
    origin !== `${secure ? "https" : "http"}://${host}` &&
    !rules.allowedOrigins.includes(origin)
  ) {
    throw foreign();
  }
  // Browsers say it even where they send no Origin; a person may still follow a link to the panel.
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  if (isForeign && origin === null && headers.get("sec-fetch-mode") !== "navigate") throw foreign();
}

function isKnownHost(host: string, { boundHost, allowedHosts }: OriginRules): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/.exec(host);
  if (!match) return false;
  const name = match[1]!;
  const bound = boundHost.includes(":") && !boundHost.startsWith("[") ? `[${boundHost}]` : boundHost;
  const known = [...LOOPBACK, bound.toLowerCase(), ...allowedHosts.map((allowed) => allowed.toLowerCase())];
  return known.includes(name) || known.includes(host);
}

function foreign(): AlephError {
  return new AlephError("forbidden", "Requests from this origin are not allowed", {
    data: { hint: "List it under [gateway].allowed_origins in config.toml" },
  });
}
