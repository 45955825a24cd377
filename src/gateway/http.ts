/** The HTTP side of the port: finds the route, checks who asks, and gives each answer, errors too, its headers. */
import { Hono } from "hono";
import type { Auth } from "../auth/auth.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError, ERRORS, toRpcError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { Rights } from "../sdk/connection.ts";
import { type AnyRoute, DATA_HEADERS, type RouteRequest } from "../sdk/route.ts";
import { readCookie } from "./cookie.ts";
import type { Origin } from "./forwarded.ts";
import type { HttpRates } from "./http-rates.ts";
import { isLoopbackAddress, isLoopbackHost } from "./origin.ts";

/** Sent with every answer but those of an API: the panel loads nothing from elsewhere and is framed by nobody. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
};

const DOCUMENT_HEADERS = Object.entries(SECURITY_HEADERS);

const OF_DATA = Object.entries(DATA_HEADERS);

/** Headers that only proxies add: behind one, everybody's address is the proxy's. */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/** What a route that is not `early` waits for. */
export interface HttpCore<Needs> {
  readonly auth: Auth;
  readonly routeNeeds: Needs;
}

export interface HttpOptions<Needs> {
  readonly core: Promise<HttpCore<Needs>>;
  /** `"GET /health"` to its loader; `ALL` in place of a method takes each. */
  readonly routes: Readonly<Record<string, () => Promise<AnyRoute>>>;
  readonly rates: HttpRates;
  /** Bytes that a body may have; asked at each request. */
  readonly maxBody: () => number;
  readonly log: Log;
}

export interface Http {
  /** Never rejects for what a route throws. */
  handle(request: Request, pathname: string, peer: Peer): Response | Promise<Response>;
  /** The answer for something thrown: its reason and message, never its stack or cause. */
  refuse(thrown: unknown, options?: RefuseOptions): Response;
}

export interface RefuseOptions {
  readonly status?: number;
  /** Headers besides the usual ones. */
  readonly more?: Readonly<Record<string, string>>;
  readonly shape?: AnyRoute["refuse"];
}

/** Whose request it is. `keepAlive` lets the connection be silent. */
interface Peer {
  readonly from: Origin;
  readonly keepAlive: () => void;
}

type Answer = (request: Request, peer: Peer) => Response | Promise<Response>;

export function createHttp<Needs>({ core, routes, rates, maxBody, log }: HttpOptions<Needs>): Http {
  const http = new Hono<{ Bindings: Peer }>();
  const methods = new Map<string, string[]>();
  const exact = new Map<string, Answer>();

  for (const [name, load] of Object.entries(routes)) {
    const [method, path] = name.split(" ") as [string, string];
    if (method !== "ALL") methods.set(path, [...(methods.get(path) ?? []), method]);
    let answer: Answer | undefined;
    const prepare = async (): Promise<Answer> => {
      const route = await load();
      const secure = route.refuse ? securedData : secured;
      const fail = (thrown: unknown) => refuse(thrown, { shape: route.refuse });
      const needs = route.early ? undefined : await core;
      return (request, peer) => {
        try {
          const given = route.handle(needs?.routeNeeds, admit(route, needs?.auth, request, peer));
          return given instanceof Promise ? given.then(secure, fail) : secure(given);
        } catch (thrown) {
          return fail(thrown);
        }
      };
    };
    const handle: Answer = (request, peer) => {
      if (answer !== undefined) return answer(request, peer);
      return prepare().then(
        (prepared) => {
          answer = prepared;
          return prepared(request, peer);
        },
        (thrown: unknown) => refuse(thrown),
      );
    };
    http.on(method, path, ({ req, env }) => handle(req.raw, env));
    // A path without parameters needs no router, which costs as much as all the rest here.
    if (!path.includes(":")) exact.set(`${method} ${path}`, handle);
  }
  for (const [path, known] of methods) {
    const allow = (known.includes("GET") ? [...known, "HEAD"] : known).join(", ");
    const error = new AlephError("invalid_request", "This path does not take the method");
    http.all(path, () => refuseAt(path, error, { status: 405, more: { allow } }));
  }
  http.notFound(({ req }) => refuseAt(req.path, new AlephError("not_found", "Nothing is served at this path")));
  http.onError((error) => refuse(error));

  function admit(route: AnyRoute, auth: Auth | undefined, request: Request, peer: Peer): RouteRequest {
    const { headers } = request;
    const { from, keepAlive } = peer;
    const key = route.auth === "api_key" ? headers.get("x-api-key") : null;
    const bearer = key === null ? headers.get("authorization") : `Bearer ${key}`;
    const open =
      route.auth === "public" || (route.auth === "loopback" && bearer === null && isLocal(headers, from.address));
    if (!open && !auth) throw new AlephError("internal", "Internal error", { cause: "an early route must be public" });
    const rights = open ? undefined : auth!.authenticateHeader(bearer, from);
    // Who asks whether the process lives asks in any case.
    if (rights) rates.ofIdentity(rights.grant.identity.id);
    else if (!route.early) rates.ofAddress(from.address);
    if (route.scope && !rights?.grant.scopes.includes(route.scope)) {
      throw new AlephError("forbidden", `This needs the scope "${route.scope}"`);
    }
    return new Admitted(request, from, rights, keepAlive);
  }

  /** In the shape that the clients of an API know, where no route is there to say it. */
  async function refuseAt(path: string, error: AlephError, options: RefuseOptions = {}): Promise<Response> {
    if (!path.startsWith("/v1/")) return refuse(error, options);
    const { dialectError } = await import("../dialects/errors.ts");
    const dialect = path === "/v1/messages" ? "messages" : "chat";
    return refuse(error, { ...options, shape: (told) => dialectError(dialect, told) });
  }

  function refuse(thrown: unknown, { status, more = {}, shape }: RefuseOptions = {}): Response {
    const error = AlephError.from(thrown);
    if (error.reason === "internal" || error !== thrown) log.error("http request failed", describeError(thrown));
    const headers = new Headers({ "cache-control": "no-store", ...more });
    if (error.reason === "unauthenticated" || error.reason === "auth_failed") headers.set("www-authenticate", "Bearer");
    if (shape) {
      const told = shape(error);
      for (const [name, value] of Object.entries(told.headers)) headers.set(name, value);
      return secured(Response.json(told.body, { status: status ?? told.status, headers }));
    }
    const { message, data } = toRpcError(error);
    const { retry_after_ms } = error.data;
    if (typeof retry_after_ms === "number") headers.set("retry-after", String(Math.ceil(retry_after_ms / 1000)));
    return secured(
      Response.json(
        { error: { message, reason: error.reason, data } },
        { status: status ?? ERRORS[error.reason].http, headers },
      ),
    );
  }

  return {
    handle(request, pathname, peer) {
      if (Number(request.headers.get("content-length") ?? 0) > maxBody()) {
        // The rest of the body is not read, so the connection cannot go on.
        return refuseAt(pathname, tooLarge(maxBody()), { more: { connection: "close" } });
      }
      const known = exact.get(`${request.method} ${pathname}`);
      return known ? known(request, peer) : http.fetch(request, peer);
    },
    refuse,
  };
}

/** What only some routes look at is found out when they do. */
class Admitted implements RouteRequest {
  readonly request: Request;
  readonly grant: Grant | undefined;
  readonly credential: string | undefined;
  readonly keepAlive: () => void;
  readonly #from: Origin;

  constructor(request: Request, from: Origin, rights: Rights | undefined, keepAlive: () => void) {
    this.request = request;
    this.#from = from;
    this.grant = rights?.grant;
    this.credential = rights?.credentials[0];
    this.keepAlive = keepAlive;
  }

  get address(): string {
    return this.#from.address;
  }

  get cookie(): string | undefined {
    return readCookie(this.request.headers);
  }

  get secure(): boolean {
    // Behind a proxy that is not named only the page's own address tells; it was checked before.
    return this.#from.secure || (this.request.headers.get("origin")?.startsWith("https://") ?? false);
  }
}

function secured(response: Response): Response {
  const { headers } = response;
  for (const [header, value] of DOCUMENT_HEADERS) if (!headers.has(header)) headers.set(header, value);
  return response;
}

function securedData(response: Response): Response {
  const { headers } = response;
  for (const [header, value] of OF_DATA) if (headers.get(header) !== value) headers.set(header, value);
  return response;
}

function tooLarge(limit: number): AlephError {
  return new AlephError("payload_too_large", `A body may have ${limit} bytes`, {
    data: { hint: "[gateway].max_payload in config.toml sets the limit" },
  });
}

/** A program on this machine that asks for this machine, with nobody in between. */
function isLocal(headers: Headers, address: string): boolean {
  return (
    isLoopbackAddress(address) &&
    isLoopbackHost(headers.get("host") ?? "") &&
    !PROXY_HEADERS.some((name) => headers.has(name))
  );
}
