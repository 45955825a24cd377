/** What an HTTP route is. Host and Origin are checked before any route is reached. */
import type { AlephError } from "../protocol/errors.ts";
import type { Grant, Scope } from "../protocol/identity.ts";

export interface RouteRequest {
  readonly request: Request;
  /** The peer's address; for limits, never for trust. */
  readonly address: string;
  /** Who asks; absent only on `public` routes and for loopback peers where that is enough. */
  readonly grant: Grant | undefined;
  /** Names the token or login behind `grant`. */
  readonly credential: string | undefined;
  /** The panel's session cookie, if one came along. */
  readonly cookie: string | undefined;
  /** Whether the connection is encrypted; decides on the cookie's name and its `Secure`. */
  readonly secure: boolean;
  /** From now on the connection may be silent for as long as the answer takes. */
  keepAlive(): void;
}

/** An error in a shape that is not ours. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * On every answer of an API, which is data: never a page of its own, so that most of what a page needs says nothing there.
 * They are added to answers that lack them.
 */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * `public`: anyone. `token`: a bearer token. `api_key`: the same, which may also come as `x-api-key`. `loopback`: a bearer
 * token, or a peer on this machine.
 */
export type RouteAuth = "public" | "token" | "api_key" | "loopback";

export interface Route<Needs> {
  readonly auth: RouteAuth;
  /** Whether it needs nothing of the app and so answers while the app is still starting. */
  readonly early?: true;
  /** What who asks must be allowed. */
  readonly scope?: Scope;
  /** The answer for an error, where clients expect another shape; also for those who are not let in. */
  refuse?(error: AlephError): Refusal;
  /** Throws `AlephError`; answered as `{error: {message, reason, data}}` with the error's HTTP status. */
  handle(needs: Needs, request: RouteRequest): Response | Promise<Response>;
}

// biome-ignore lint/suspicious/noExplicitAny: `handle` is contravariant in what it needs; the sum is checked in app.ts
export type AnyRoute = Route<any>;

export function defineRoute<Needs = object>(route: Route<Needs>): Route<Needs> {
  return route;
}
