/** The one port: WebSocket and HTTP on it, every request checked for Host and Origin before anything else sees it. */
import { Hono } from "hono";
import type { Auth, Authenticated } from "../auth/auth.ts";
import { describeError, type Log } from "../lib/log.ts";
import { CLOSE } from "../protocol/close.ts";
import { AlephError, ERRORS, toRpcError } from "../protocol/errors.ts";
import { type Grant, OWNER_GRANT } from "../protocol/identity.ts";
import type { Bus } from "../sdk/bus.ts";
import type { AnyRoute, RouteRequest } from "../sdk/route.ts";
import type { Transport } from "../sdk/transport.ts";
import { GatewayConnection } from "./connection.ts";
import { readCookie } from "./cookie.ts";
import type { Dispatch } from "./dispatch.ts";
import { checkOrigin } from "./origin.ts";
import type { Sink } from "./outbox.ts";

export interface GatewayOptions<Needs> {
  readonly auth: Auth;
  readonly bus: Bus;
  readonly dispatch: Dispatch;
  /** `"GET /health"` to its loader. */
  readonly routes: Readonly<Record<string, () => Promise<AnyRoute>>>;
  readonly routeNeeds: Needs;
  /** Resolves when clients may be served; `/health` answers before. */
  readonly ready: Promise<unknown>;
  readonly settings: () => GatewaySettings;
  readonly log: Log;
  readonly now: () => number;
}

/** Read at each use, so that a reload takes effect. */
export interface GatewaySettings {
  readonly allowed_origins: readonly string[];
  readonly allowed_hosts: readonly string[];
  readonly max_payload: number;
  readonly max_buffered: number;
}

interface SocketData {
  readonly host: string;
  readonly address: string;
  readonly cookie: string | undefined;
  connection: GatewayConnection | undefined;
}

type Socket = Bun.ServerWebSocket<SocketData>;

export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** Sent with every answer: the panel loads nothing from elsewhere and is framed by nobody. */
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

export class Gateway<Needs> implements AsyncDisposable {
  readonly #options: GatewayOptions<Needs>;
  readonly #connections = new Set<GatewayConnection>();
  readonly #stopping = new AbortController();
  readonly #http: Hono<{ Bindings: { address: string } }>;
  #server: Bun.Server<SocketData> | undefined;
  #boundHost = "127.0.0.1";
  #opened = 0;

  constructor(options: GatewayOptions<Needs>) {
    this.#options = options;
    this.#http = this.#createHttp();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Opens the port; a second call moves to another one, and what is connected stays. Throws the system's error
   * (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`) and then changes nothing.
   */
  listen(host: string, port: number): Listening {
    const { max_payload } = this.#options.settings();
    const server = Bun.serve<SocketData>({
      hostname: host,
      port,
      development: false,
      maxRequestBodySize: max_payload,
      idleTimeout: 60,
      fetch: (request, server) => this.#fetch(request, server),
      error: (error) => this.#failed(error),
      websocket: {
        // Larger frames are refused by `receive` with the proper code; Bun itself would end the socket without one.
        maxPayloadLength: max_payload * 2,
        backpressureLimit: max_payload * 8,
        closeOnBackpressureLimit: true,
        idleTimeout: 120,
        sendPings: true,
        perMessageDeflate: false,
        open: (socket) => this.#open(socket),
        message: (socket, frame) => void socket.data.connection?.receive(frame),
        drain: (socket) => socket.data.connection?.drain(),
        close: (socket) => this.#closed(socket),
      },
    });
    void this.#server?.stop(false);
    this.#server = server;
    this.#boundHost = host;
    const shown = host.includes(":") ? `[${host}]` : host;
    return { url: `http://${shown}:${server.port}`, port: server.port! };
  }

  /** A client inside the process: the owner's, without a socket. */
  async openLocal(): Promise<Transport> {
    await this.#options.ready;
    const ended = Promise.withResolvers<{ code: number; reason: string }>();
    const early: string[] = [];
    let connection: GatewayConnection | undefined;
    const end = (code: number, reason: string) => {
      if (!connection) return;
      this.#connections.delete(connection);
      connection.ended();
      connection = undefined;
      ended.resolve({ code, reason });
    };
    const transport: Transport = {
      send: (frame) => void connection?.receive(frame),
      close: () => end(1000, ""),
      onFrame: (frame) => void early.push(frame),
      closed: ended.promise,
    };
    const sink: Sink = { send: (frame) => transport.onFrame(frame), buffered: () => 0, close: end };
    const rights = { grant: OWNER_GRANT, credential: "process" };
    connection = this.#connect(sink, { host: "local", address: "local", cookie: undefined }, rights);
    connection.open();
    return transport;
  }

  /** Ends the connections whose rights came from this credential. */
  revoke(credential: string): void {
    for (const connection of this.#connections) {
      if (connection.credential === credential) connection.close(CLOSE.unauthenticated, "credential revoked");
    }
  }

  /** Takes no new connections; those that are open go on until disposed. */
  stopAccepting(): void {
    void this.#server?.stop(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close(CLOSE.serviceRestart, "server stops");
    this.#stopping.abort(new AlephError("cancelled", "Server stops"));
    await this.#server?.stop(true);
  }

  async #fetch(request: Request, server: Bun.Server<SocketData>): Promise<Response | undefined> {
    try {
      const settings = this.#options.settings();
      checkOrigin(request.headers, false, {
        boundHost: this.#boundHost,
        allowedHosts: settings.allowed_hosts,
        allowedOrigins: settings.allowed_origins,
      });
      const address = server.requestIP(request)?.address ?? "unknown";
      if (new URL(request.url).pathname !== "/ws") return await this.#http.fetch(request, { address });
      await this.#options.ready;
      const data: SocketData = {
        host: request.headers.get("host") ?? "",
        address,
        cookie: readCookie(request.headers),
        connection: undefined,
      };
      if (server.upgrade(request, { data })) return undefined;
      throw new AlephError("invalid_request", "This is a WebSocket endpoint", { data: { hint: "Connect with ws://" } });
    } catch (error) {
      return this.#failed(error);
    }
  }

  #createHttp(): Hono<{ Bindings: { address: string } }> {
    const http = new Hono<{ Bindings: { address: string } }>();
    const { routes, routeNeeds } = this.#options;
    for (const [name, load] of Object.entries(routes)) {
      const [method, path] = name.split(" ") as [string, string];
      http.on(method, path, async ({ req, env }) => {
        const route = await load();
        const response = await route.handle(routeNeeds, this.#admit(route, req.raw, env.address));
        for (const [header, value] of Object.entries(SECURITY_HEADERS)) {
          if (!response.headers.has(header)) response.headers.set(header, value);
        }
        return response;
      });
    }
    http.notFound(() => this.#failed(new AlephError("not_found", "Nothing is served at this path")));
    http.onError((error) => this.#failed(error));
    return http;
  }

  #admit(route: AnyRoute, request: Request, address: string): RouteRequest {
    const header = request.headers.get("authorization");
    const local = route.auth === "loopback" && header === null && isLoopback(address);
    const grant: Grant | undefined =
      route.auth === "public" || local ? undefined : this.#options.auth.authenticateHeader(header, address).grant;
    return { request, address, grant, cookie: readCookie(request.headers), secure: false };
  }

  #failed(thrown: unknown): Response {
    const error = AlephError.from(thrown);
    if (error.reason === "internal") this.#options.log.error("http request failed", describeError(thrown));
    const { message, data } = toRpcError(error);
    const headers = new Headers(SECURITY_HEADERS);
    headers.set("cache-control", "no-store");
    const { retry_after_ms } = error.data;
    if (typeof retry_after_ms === "number") headers.set("retry-after", String(Math.ceil(retry_after_ms / 1000)));
    if (error.reason === "unauthenticated") headers.set("www-authenticate", "Bearer");
    return Response.json(
      { error: { message, reason: error.reason, data } },
      { status: ERRORS[error.reason].http, headers },
    );
  }

  #open(socket: Socket): void {
    const sink: Sink = {
      send: (frame) => void socket.send(frame),
      buffered: () => socket.getBufferedAmount(),
      close: (code, reason) => socket.close(code, reason),
    };
    socket.data.connection = this.#connect(sink, socket.data, this.#options.auth.open);
    socket.data.connection.open();
  }

  #connect(
    sink: Sink,
    from: { host: string; address: string; cookie: string | undefined },
    rights: Authenticated | undefined,
  ): GatewayConnection {
    const { bus, dispatch, log, now, settings } = this.#options;
    const connection = new GatewayConnection({
      id: `c${++this.#opened}`,
      ...from,
      sink,
      bus,
      dispatch,
      log,
      now,
      maxPayload: () => settings().max_payload,
      maxBuffered: () => settings().max_buffered,
      rights,
      signal: this.#stopping.signal,
    });
    this.#connections.add(connection);
    return connection;
  }

  #closed(socket: Socket): void {
    const { connection } = socket.data;
    if (!connection) return;
    this.#connections.delete(connection);
    connection.ended();
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
