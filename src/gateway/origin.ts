/**
 * Host and Origin: keeps pages in the user's browser and rebinding names away from the server, cookie or not.
 * (Fetch §3.2 "Origin header"; DNS rebinding: a foreign name that resolves to this machine still sends its own Host.)
 */
import { AlephError } from "../protocol/errors.ts";
import { readCookie } from "./cookie.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
/** Bound to these, the server listens on all addresses of the machine. */
const ANY_ADDRESS = ["0.0.0.0", "[::]"];

export interface OriginRules {
  /** The address that the server listens on. */
  readonly boundHost: string;
  /** Names without or with a port. */
  readonly allowedHosts: readonly string[];
  /** `https://panel.example`: exact origins. */
  readonly allowedOrigins: readonly string[];
  /** What was asked for, where that is not the Host header: a trusted proxy said so. */
  readonly host?: string;
  /** Whether the client's connection is encrypted: then a page of this server has an `https:` origin. */
  readonly secure?: boolean;
}

/** The one file that is for pages of others: the same for everybody, and nothing of anybody. */
const WIDGET_PATH = "/widget.js";

/**
 * As `checkOrigin`, but for two doors: anybody's page may load the widget, and at the socket the origin of another page is
 * given back, for somebody to say whether an invite names it.
 */
export function checkDoor(
  pathname: string,
  request: Pick<Request, "method" | "headers">,
  rules: OriginRules,
): string | undefined {
  const host = checkHost(request, rules);
  if (pathname === WIDGET_PATH) return undefined;
  const origin = request.headers.get("origin");
  if (pathname === "/ws" && origin !== null && !mayAsk(origin, host, rules)) return origin;
  checkOrigin(request, rules);
  return undefined;
}

/**
 * Throws `forbidden` unless this Host may be asked for and this Origin may ask. The port of a known name may be any: it
 * is another one behind a tunnel or a container, and a page cannot choose the Host that it sends.
 */
function checkOrigin(request: Pick<Request, "method" | "headers">, rules: OriginRules): void {
  const host = checkHost(request, rules);
  const { method, headers } = request;
  const origin = headers.get("origin");
  if (origin !== null && !mayAsk(origin, host, rules)) throw foreignOrigin();
  // Browsers say it even where they send no Origin; a person may still follow a link to the panel.
  const site = headers.get("sec-fetch-site");
  if (origin !== null) return;
  const onlyLooks = method === "GET" || method === "HEAD";
  const isForeign = site === "cross-site" || site === "same-site";
  if (isForeign && !(onlyLooks && headers.get("sec-fetch-mode") === "navigate")) throw foreignOrigin();
  // What comes with the panel's cookie comes from a browser, and a browser says from where whenever something may change.
  if (site === null && !onlyLooks && readCookie(headers) !== undefined) throw foreignOrigin();
}

/** The Host, when it may be asked for. */
function checkHost({ headers }: Pick<Request, "headers">, rules: OriginRules): string {
  const host = (rules.host ?? headers.get("host") ?? "").toLowerCase();
  if (isKnownHost(host, rules)) return host;
  throw new AlephError("forbidden", "This host name is not served here", {
    data: { hint: "List it under [gateway].allowed_hosts in config.toml" },
  });
}

function mayAsk(origin: string, host: string, rules: OriginRules): boolean {
  return origin === `${rules.secure ? "https" : "http"}://${host}` || isAllowedOrigin(origin, rules);
}

/** Whether a Host header names this machine to itself. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.includes(nameOf(host.toLowerCase()) ?? "");
}

export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

function isKnownHost(host: string, { boundHost, allowedHosts }: OriginRules): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  if (LOOPBACK.includes(name)) return true;
  const bound = bracketed(boundHost).toLowerCase();
  if (allowedHosts.some((allowed) => [name, host].includes(allowed.toLowerCase()))) return true;
  return ANY_ADDRESS.includes(bound) ? ownAddresses().includes(name) : name === bound;
}

/** The Host without its port; undefined when it is not well formed, such as two of them joined by a comma. */
function nameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/.exec(host)?.[1];
}

/** As the config has it, perhaps with a slash at its end; a browser sends none. */
function isAllowedOrigin(origin: string, { allowedOrigins }: OriginRules): boolean {
  return allowedOrigins.some((allowed) => allowed === origin || allowed === `${origin}/`);
}

function ownAddresses(): readonly string[] {
  // Loaded when a server listens on all addresses: a start on loopback need not wait for it.
  const { networkInterfaces } = process.getBuiltinModule("node:os");
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => bracketed(address)));
}

function bracketed(address: string): string {
  return address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
}

/** As it stands in a URL that works on this machine: "all addresses" is none that one can ask for. */
export function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return bracketed(host);
}

export function foreignOrigin(): AlephError {
  return new AlephError("forbidden", "Requests from this origin are not allowed", {
    data: { hint: "List it under [gateway].allowed_origins in config.toml" },
  });
}
