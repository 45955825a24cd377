/** The address of a server as people write it. */
import { AlephError } from "../protocol/errors.ts";

/** `http://host:1` and `ws://host:1` to `ws://host:1/ws`. Throws `invalid_params`. */
export function toSocketUrl(address: string): string {
  const url = parse(address);
  const protocol = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[url.protocol];
  if (!protocol || url.username !== "" || url.password !== "") throw invalidAddress(address);
  // What listens on every address is reached at loopback.
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const path = url.pathname === "/" ? "/ws" : url.pathname;
  return `${protocol}//${url.host}${path}${url.search}`;
}

/** That of a link such as `http://box:18790/#pair=CODE`. Throws `invalid_params` when it is no address at all. */
export function pairingCodeOf(address: string): string | undefined {
  return new URLSearchParams(parse(address).hash.slice(1)).get("pair") ?? undefined;
}

export function originOf(socketUrl: string): string {
  return socketUrl.replace(/^ws/, "http").replace(/\/ws$/, "");
}

export function isLoopback(socketUrl: string): boolean {
  const { hostname } = new URL(socketUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parse(address: string): URL {
  try {
    return new URL(/^[a-z]+:\/\//i.test(address) ? address : `http://${address}`);
  } catch (cause) {
    throw invalidAddress(address, cause);
  }
}

function invalidAddress(address: string, cause?: unknown): AlephError {
  return new AlephError("invalid_params", `${JSON.stringify(address)} is not the address of a server`, {
    cause,
    data: { hint: "Write it as http://127.0.0.1:18790, without user or password" },
  });
}
