/** The one port: WebSocket and HTTP on it, every request checked for Host and Origin before anything else sees it. */
import { networkOf } from "../auth/attempts.ts";
import type { Auth } from "../auth/auth.ts";
import { Inbox } from "../lib/inbox.ts";
import type { Log } from "../lib/log.ts";
import { pathOf } from "../lib/path-of.ts";
import { CLOSE } from "../protocol/close.ts";
import { AlephError } from "../protocol/errors.ts";
import { OWNER_GRANT } from "../protocol/identity.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Rights } from "../sdk/connection.ts";
import type { AnyRoute } from "../sdk/route.ts";
import type { Transport } from "../sdk/transport.ts";
import { type Caller, GatewayConnection } from "./connection.ts";
import { readCookie } from "./cookie.ts";
import type { Dispatch } from "./dispatch.ts";
import { DirectOrigin, type IsTrusted, type Origin, seenThrough, trustedProxies } from "./forwarded.ts";
import { createHttp, type Http } from "./http.ts";
import { createHttpRates, type HttpRates } from "./http-rates.ts";
import { checkDoor, foreignOrigin, isLoopbackAddress, reachable } from "./origin.ts";
import type { Sink } from "./outbox.ts";

/** What clients need to be served. */
export interface GatewayCore<Needs> {
  readonly auth: Auth;
  readonly bus: Bus;
  readonly dispatch: Dispatch;
  readonly routeNeeds: Needs;
  /** Resolves when sockets may be served. */
  readonly ready: Promise<unknown>;
}

export interface GatewayOptions<Needs> {
  /** The port may be open before: only routes that are `early` answer then, the others wait. */
  readonly core: Promise<GatewayCore<Needs>>;
  /** `"GET /health"` to its loader. */
  readonly routes: Readonly<Record<string, () => Promise<AnyRoute>>>;
  readonly settings: () => GatewaySettings;
  readonly log: Log;
  readonly now: () => number;
  /** Time for the first valid `connect`. Default: 10 s. */
  readonly handshakeMs?: number;
  /** HTTP requests and new sockets a second, of one identity or address; asked at each. Default: no limit. */
  readonly rate?: () => number;
  /** Milliseconds that no setting of a clock moves. */
  readonly monotonic?: () => number;
}

/** Read at each use, so that a reload takes effect. */
export interface GatewaySettings {
  readonly allowed_origins: readonly string[];
  readonly allowed_hosts: readonly string[];
  /** Addresses and blocks of them: whose word on a request's origin is believed. */
  readonly trusted_proxies: readonly string[];
  readonly max_payload: number;
  readonly max_buffered: number;
}

interface SocketData<Needs> {
  readonly core: GatewayCore<Needs>;
  readonly caller: Caller;
  connection: GatewayConnection | undefined;
}

type Socket<Needs> = Bun.ServerWebSocket<SocketData<Needs>>;
type Server<Needs> = Bun.Server<SocketData<Needs>>;

export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface ListenOptions {
  /** With it the address speaks TLS only. */
  readonly tls?: Certificate;
  /** More names under which it may be called. */
  readonly names?: readonly string[];
  /** On 127.0.0.1 too, without TLS: for the programs of this machine. */
  readonly alsoLoopback?: boolean;
}

/** One address that is listened on. */
interface Door {
  readonly host: string;
  readonly tls: Certificate | undefined;
  readonly names: readonly string[];
}

const HANDSHAKE_MS = 10_000;
/** Sockets that may be open without rights at the same time; of one network only a part, so that others get in. */
const MAX_STRANGERS = 512;
const MAX_STRANGERS_OF_ONE = 256;

export class Gateway<Needs> implements AsyncDisposable {
  readonly #options: GatewayOptions<Needs>;
  readonly #http: Http;
  readonly #rates: HttpRates;
  readonly #connections = new Set<GatewayConnection>();
  readonly #stopping = new AbortController();
  /** Those that listen, and those before them that still have sockets. */
  readonly #servers = new Set<Server<Needs>>();
  #current: readonly { readonly server: Server<Needs>; readonly door: Door }[] = [];
  /** What `trusted_proxies` says, read once as long as it says the same. */
  #proxies: { readonly blocks: readonly string[]; readonly isTrusted: IsTrusted } | undefined;
  #opened = 0;
  #isAccepting = true;

  constructor(options: GatewayOptions<Needs>) {
    this.#options = options;
    const { core, routes, settings, log } = options;
    this.#rates = createHttpRates({
      rate: options.rate ?? (() => 0),
      monotonic: options.monotonic ?? (() => performance.now()),
    });
    this.#http = createHttp({ core, routes, log, rates: this.#rates, maxBody: () => settings().max_payload });
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Whether nobody waits for an answer. */
  get isQuiet(): boolean {
    const waits = (server: Server<Needs>) => server.pendingRequests > 0;
    return ![...this.#servers].some(waits) && ![...this.#connections].some(({ underWay }) => underWay > 0);
  }

  /** Whether nobody from another machine can reach the port. */
  get onLoopback(): boolean {
    return this.#current.every(({ door }) => isLoopbackAddress(door.host));
  }

  /**
   * Opens the port; a second call moves to another one, and what is connected stays. Throws the system's error
   * (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, that of a certificate) and then listens where it did before.
   */
  listen(host: string, port: number, { tls, names = [], alsoLoopback = false }: ListenOptions = {}): Listening {
    const doors: Door[] = [{ host, tls, names }];
    if (alsoLoopback) doors.push({ host: "127.0.0.1", tls: undefined, names });
    const before = this.#current;
    const portBefore = before[0]?.server.port;
    // One port cannot be had twice, also not for another address of the machine: it is let go first.
    const wanted = port === 0 ? (portBefore ?? 0) : port;
    const samePort = wanted === portBefore;
    if (samePort) for (const { server } of before) void server.stop(false);
    try {
      this.#current = this.#openDoors(doors, wanted);
    } catch (error) {
      if (samePort) {
        this.#current = this.#openDoors(
          before.map(({ door }) => door),
          wanted,
        );
      }
      throw error;
    }
    this.#leave(before);
    const [first] = this.#current;
    const { port: bound } = first!.server;
    return { url: `${tls ? "https" : "http"}://${reachable(host)}:${bound}`, port: bound! };
  }

  /** All of them on one port, or none. */
  #openDoors(doors: readonly Door[], port: number) {
    const opened: { readonly server: Server<Needs>; readonly door: Door }[] = [];
    try {
      for (const door of doors) opened.push({ door, server: this.#serve(door, opened[0]?.server.port ?? port) });
      return opened;
    } catch (error) {
      for (const { server } of opened) void server.stop(true);
      throw error;
    }
  }

  /** Lets go of the old addresses. Where they could be reached from other machines and the new ones cannot, nobody stays. */
  #leave(before: readonly { readonly server: Server<Needs>; readonly door: Door }[]): void {
    const narrower = this.onLoopback && before.some(({ door }) => !isLoopbackAddress(door.host));
    if (narrower) for (const connection of this.#connections) connection.close(CLOSE.serviceRestart, "address changes");
    for (const { server } of before) void server.stop(narrower);
  }

  /** A client inside the process: the owner's, without a socket. */
  async openLocal(): Promise<Transport> {
    const core = await this.#core();
    const ended = Promise.withResolvers<{ code: number; reason: string }>();
    const inbox = new Inbox<string>();
    let connection: GatewayConnection | undefined;
    const end = (code: number, reason: string) => {
      if (!connection) return;
      this.#connections.delete(connection);
      connection.end();
      connection = undefined;
      ended.resolve({ code, reason });
    };
    const sink: Sink = {
      // As over a network, what the client does with a frame is not the business of whoever published it.
      send(frame) {
        queueMicrotask(() => inbox.push(frame));
        return true;
      },
      buffered: () => 0,
      close: end,
    };
    const rights = { grant: OWNER_GRANT, credentials: ["process"] };
    const caller = { host: "local", address: "local", cookie: undefined, origin: undefined, isForeign: false };
    connection = this.#connect(core, sink, caller, rights);
    connection.open();
    return {
      send: (frame) => connection?.receive(frame),
      close: () => end(1000, ""),
      get onFrame() {
        return inbox.listener;
      },
      set onFrame(listener) {
        inbox.listener = listener;
      },
      closed: ended.promise,
    };
  }

  /** Ends the connections whose rights came from this credential. */
  revoke(credential: string): void {
    for (const connection of this.#connections) connection.revoke(credential);
  }

  /** Takes no new clients and requests, and says so; what is open goes on until disposed. */
  stopAccepting(): void {
    this.#isAccepting = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close(CLOSE.serviceRestart, "server stops");
    this.#stopping.abort(new AlephError("cancelled", "Server stops"));
    await Promise.all([...this.#servers].map((server) => server.stop(true)));
  }

  #serve(door: Door, port: number): Server<Needs> {
    const { max_payload } = this.#options.settings();
    const server = Bun.serve<SocketData<Needs>>({
      hostname: door.host,
      ...(door.tls ? { tls: { cert: door.tls.cert, key: door.tls.key } } : {}),
      port,
      development: false,
      // Without development mode Bun shares the port with whoever else asks for it: two servers, each with half the clients.
      reusePort: false,
      // Up to here a body that is too large gets a full answer; a larger one gets Bun's, which has no words.
      maxRequestBodySize: max_payload * 2,
      idleTimeout: 60,
      fetch: (request, server) => this.#fetch(request, server, door),
      error: (error) => this.#http.refuse(error),
      websocket: {
        maxPayloadLength: max_payload,
        backpressureLimit: max_payload * 8,
        closeOnBackpressureLimit: true,
        idleTimeout: 120,
        sendPings: true,
        perMessageDeflate: false,
        open: (socket) => this.#open(socket),
        message: (socket, frame) => socket.data.connection?.receive(frame),
        drain: (socket) => socket.data.connection?.drain(),
        close: (socket) => this.#closed(socket),
      },
    });
    this.#servers.add(server);
    return server;
  }

  /** Not `async`, as little on the way of a request is: each such step costs memory that somebody must clear up. */
  #fetch(
    request: Request,
    server: Server<Needs>,
    door: Door,
  ): Response | Promise<Response> | Promise<Response | undefined> {
    try {
      const { allowed_hosts, allowed_origins } = this.#options.settings();
      const from = this.#originOf(request, server, door);
      const pathname = pathOf(request.url);
      const foreign = checkDoor(pathname, request, {
        boundHost: door.host,
        allowedHosts: door.names.length === 0 ? allowed_hosts : [...allowed_hosts, ...door.names],
        allowedOrigins: allowed_origins,
        host: from.host,
        secure: from.secure,
      });
      if (!this.#isAccepting && pathname !== "/health") throw new AlephError("overloaded", "Server stops");
      if (pathname !== "/ws") {
        return this.#http.handle(request, pathname, { from, keepAlive: () => server.timeout(request, 0) });
      }
      return this.#core()
        .then((core) => {
          // Before it is counted: a page that nobody invited takes nothing from those who share its address.
          if (foreign !== undefined && !core.auth.visits.welcomes(foreign)) throw foreignOrigin();
          this.#rates.ofAddress(from.address);
          return this.#upgrade(core, request, server, from, foreign !== undefined);
        })
        .catch((error: unknown) => this.#http.refuse(error));
    } catch (error) {
      return this.#http.refuse(error);
    }
  }

  #originOf(request: Request, server: Server<Needs>, door: Door): Origin {
    const direct = new DirectOrigin(request, server, door.tls !== undefined);
    const blocks = this.#options.settings().trusted_proxies;
    if (blocks.length === 0) return direct;
    if (this.#proxies?.blocks !== blocks) this.#proxies = { blocks, isTrusted: trustedProxies(blocks) };
    return seenThrough(request.headers, direct, this.#proxies.isTrusted);
  }

  #upgrade(
    core: GatewayCore<Needs>,
    request: Request,
    server: Server<Needs>,
    { address, host }: Origin,
    isForeign: boolean,
  ): Response | undefined {
    this.#refuseCrowd(address);
    // Another page's browser sends the panel's cookie along where it knows no better.
    const cookie = isForeign ? undefined : readCookie(request.headers);
    const caller = { host, address, cookie, origin: request.headers.get("origin") ?? undefined, isForeign };
    const data: SocketData<Needs> = { core, caller, connection: undefined };
    if (server.upgrade(request, { data })) return undefined;
    const error = new AlephError("invalid_request", "This is a WebSocket endpoint", {
      data: { hint: "Connect with ws://" },
    });
    return this.#http.refuse(error, { status: 426, more: { upgrade: "websocket" } });
  }

  async #core(): Promise<GatewayCore<Needs>> {
    const core = await this.#options.core;
    await core.ready;
    return core;
  }

  /** Throws `overloaded` while too many sockets wait for their handshake, in all or of the network of this address. */
  #refuseCrowd(address: string): void {
    if (this.#connections.size < MAX_STRANGERS_OF_ONE) return;
    const network = networkOf(address);
    let [all, near] = [0, 0];
    for (const { grant, address: other } of this.#connections) {
      if (grant) continue;
      all++;
      if (networkOf(other) === network) near++;
    }
    if (all < MAX_STRANGERS && near < MAX_STRANGERS_OF_ONE) return;
    throw new AlephError("overloaded", "Too many connections are waiting for their handshake");
  }

  #open(socket: Socket<Needs>): void {
    const sink: Sink = {
      send: (frame) => socket.send(frame) > 0,
      buffered: () => socket.getBufferedAmount(),
      close: (code, reason) => socket.close(code, reason),
    };
    const { core, caller } = socket.data;
    socket.data.connection = this.#connect(core, sink, caller, caller.isForeign ? undefined : core.auth.open);
    socket.data.connection.open();
  }

  #connect(
    { bus, dispatch }: GatewayCore<Needs>,
    sink: Sink,
    caller: Caller,
    rights: Rights | undefined,
  ): GatewayConnection {
    const { log, now, settings, handshakeMs = HANDSHAKE_MS } = this.#options;
    const connection = new GatewayConnection({
      id: `c${++this.#opened}`,
      ...caller,
      sink,
      bus,
      dispatch,
      log,
      now,
      handshakeMs,
      maxPayload: () => settings().max_payload,
      maxBuffered: () => settings().max_buffered,
      rights,
      signal: this.#stopping.signal,
    });
    this.#connections.add(connection);
    return connection;
  }

  #closed(socket: Socket<Needs>): void {
    const { connection } = socket.data;
    if (!connection) return;
    this.#connections.delete(connection);
    connection.end();
  }
}
