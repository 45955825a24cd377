/** What an HTTP route is. Host and Origin are checked before any route is reached. */
import type { Grant } from "../protocol/identity.ts";

export interface RouteRequest {
  readonly request: Request;
  /** The peer's address; for limits, never for trust. */
  readonly address: string;
  /** Who asks; absent only on `public` routes and for loopback peers where that is enough. */
  readonly grant: Grant | undefined;
  /** The panel's session cookie, if one came along. */
  readonly cookie: string | undefined;
  /** Whether the connection is encrypted; decides on the cookie's name and its `Secure`. */
  readonly secure: boolean;
}

/** `public`: anyone. `token`: a bearer token. `loopback`: a bearer token, or a peer on this machine. */
export type RouteAuth = "public" | "token" | "loopback";

export interface Route<Needs> {
  readonly auth: RouteAuth;
  /** Whether it needs nothing of the app and so answers while the app is still starting. */
  readonly early?: true;
  /** Throws `AlephError`; answered as `{error: {message, reason, data}}` with the error's HTTP status. */
  handle(needs: Needs, request: RouteRequest): Response | Promise<Response>;
}

// biome-ignore lint/suspicious/noExplicitAny: `handle` is contravariant in what it needs; the sum is checked in app.ts
export type AnyRoute = Route<any>;

export function defineRoute<Needs = object>(route: Route<Needs>): Route<Needs> {
  return route;
}
