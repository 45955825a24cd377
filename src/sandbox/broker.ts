/**
 * The way to the network for plugins, which have none of their own. Each request is read once, judged by the manifest's
 * rules before its name is looked up, and goes to an address that was judged; so does each redirect.
 */
import { AlephError } from "../protocol/errors.ts";
import type { NetworkDoor, OutboundRequest } from "../sdk/runtime.ts";
import { addressesOf, atAddress, dial, hostOf, type Lookup, parseTarget, portOf, REDIRECTS } from "./dial.ts";
import { guardBody } from "./guarded-body.ts";
import { type NetworkRules, parseNetworkRules } from "./network-rules.ts";

export interface NetworkDoorOptions {
  /** `permissions.network` of the manifest. */
  readonly rules: readonly string[];
  readonly lookup: Lookup;
  readonly fetch: typeof fetch;
  /** Default: the platform's own client. */
  readonly connect?: (url: string, options: Bun.WebSocketOptions) => WebSocket;
  /** It tried what the rules do not name. `target` is like `https://example.com:443`. */
  readonly onDenied: (target: string) => void;
  readonly limits?: Partial<DoorLimits>;
}

export interface DoorLimits {
  /** From the call to the headers of the answer, redirects included; to the open socket. Long enough for a long poll. */
  readonly headersMs: number;
  /** Without a byte of the body read. */
  readonly idleMs: number;
  /** Bytes of a body that is sent. */
  readonly maxBody: number;
  /** At a time; an answer counts until its body has ended. */
  readonly requests: number;
  readonly sockets: number;
  readonly redirects: number;
}

const LIMITS: DoorLimits = {
  headersMs: 120_000,
  idleMs: 300_000,
  maxBody: 32 * 1024 * 1024,
  requests: 64,
  sockets: 16,
  redirects: 10,
};

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
/** Methods that are not requests to the host but to what stands between (Fetch standard, forbidden methods). */
const NO_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);
/** What the connection itself says; a second voice there could make one request two. */
const CONNECTION_HEADERS =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|sec-websocket-.*)$/;
/** What must not reach another origin than the one that it was given for. */
const CREDENTIAL_HEADERS = /^(?:authorization|cookie2?)$|api-?key|auth-?token|access-?token|secret/;
const BODY_HEADERS = ["content-type", "content-encoding", "content-language", "content-location"];
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Throws `plugin_error` for a rule that is none. */
export function createNetworkDoor(options: NetworkDoorOptions): NetworkDoor {
  const door = new Door(options, parseNetworkRules(options.rules), { ...LIMITS, ...options.limits });
  return {
    fetch: (request, signal) => door.fetch(request, signal),
    connect: (url, protocols, signal, headers) => door.connect(url, protocols, signal, headers),
  };
}

class Door {
  readonly #o: NetworkDoorOptions;
  readonly #rules: NetworkRules;
  readonly #limits: DoorLimits;
  #requests = 0;
  #sockets = 0;

  constructor(options: NetworkDoorOptions, rules: NetworkRules, limits: DoorLimits) {
    this.#o = options;
    this.#rules = rules;
    this.#limits = limits;
  }

  async fetch(request: OutboundRequest, signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    const limits = this.#limits;
    const state = readRequest(request, limits);
    if (this.#requests >= limits.requests) throw tooMany(`${limits.requests} requests`);
    this.#requests++;
    const ending = linkedAbort(signal, limits.headersMs, request.url);
    const release = () => {
      this.#requests--;
      ending.unlink();
    };
    try {
      const { response, url, redirected } = await this.#follow(state, request, ending.signal);
      ending.stopTimer();
      return answer(
        response,
        url,
        redirected,
        (body) => guardBody(body, { idleMs: limits.idleMs, host: url.host, signal: ending.signal, release }),
        release,
      );
    } catch (thrown) {
      ending.abort(thrown);
      release();
      throw thrown;
    }
  }

  async connect(
    text: string,
    protocols: readonly string[],
    signal: AbortSignal,
    pairs: OutboundRequest["headers"] = [],
  ): Promise<WebSocket> {
    signal.throwIfAborted();
    const headers = readHeaders(pairs);
    const { sockets, headersMs } = this.#limits;
    const url = normalised(parseTarget(text, { schemes: ["ws", "wss"] }));
    if (this.#sockets >= sockets) throw tooMany(`${sockets} sockets`);
    this.#sockets++;
    const ending = linkedAbort(signal, headersMs, text);
    try {
      const addresses = await this.#judged(url, ending.signal);
      const socket = await this.#openFirst(url, addresses, { protocols, headers }, ending.signal);
      socket.addEventListener("close", () => this.#sockets--, { once: true });
      return socket;
    } catch (thrown) {
      this.#sockets--;
      throw thrown;
    } finally {
      ending.unlink();
    }
  }

  async #follow(state: Outgoing, { url: text, redirect = "follow" }: OutboundRequest, signal: AbortSignal) {
    let { url, method, headers, body } = state;
    for (let redirects = 0; ; redirects++) {
      const addresses = await this.#judged(url, signal);
      const response = await dial(this.#o.fetch, url, addresses, { method, headers, body, signal });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null || redirect === "manual") return { response, url, redirected: redirects > 0 };
      await response.body?.cancel();
      if (redirect === "error") throw new AlephError("not_found", `"${url.host}" redirects, which was not wanted`);
      if (redirects === this.#limits.redirects) {
        throw new AlephError("not_found", `"${text.slice(0, 200)}" redirects more than ${redirects} times`);
      }
      const next = normalised(parseTarget(location, { schemes: ["http", "https"], base: url }));
      if (url.protocol === "https:" && next.protocol === "http:") {
        throw new AlephError("forbidden", `"${url.host}" redirects from https to http, which is not followed`);
      }
      // As every browser does (Fetch standard, HTTP-redirect fetch).
      const becomesGet =
        (method === "POST" && response.status <= 302) || (method !== "HEAD" && response.status === 303);
      if (becomesGet) {
        method = "GET";
        body = undefined;
        for (const name of BODY_HEADERS) headers.delete(name);
      }
      if (next.origin !== url.origin) {
        for (const name of [...headers.keys()]) if (CREDENTIAL_HEADERS.test(name)) headers.delete(name);
      }
      url = next;
    }
  }

  /** The addresses to dial. The rules come first: not even the name of another host leaves this machine. */
  async #judged(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#rules.names(url)) throw this.#denied(url, "is not among the hosts that the plugin may connect to");
    const addresses = await addressesOf(this.#o.lookup, hostOf(url), signal);
    if (addresses.every((address) => this.#rules.mayReach(url, address))) return addresses;
    throw this.#denied(url, "is not on the public internet, and the plugin's manifest does not name its address");
  }

  #denied(url: URL, why: string): AlephError {
    const target = `${url.protocol}//${url.hostname}:${portOf(url)}`;
    this.#o.onDenied(target);
    return new AlephError("forbidden", `"${url.host}" ${why}`, {
      data: { kind: "network", target, hint: "A plugin reaches what [permissions] network of its manifest names" },
    });
  }

  async #openFirst(
    url: URL,
    addresses: readonly string[],
    { protocols, headers }: { readonly protocols: readonly string[]; readonly headers: Headers },
    signal: AbortSignal,
  ): Promise<WebSocket> {
    const connect = this.#o.connect ?? openSocket;
    let failure: unknown;
    for (const address of addresses) {
      const { url: dialled, tls } = atAddress(url, address);
      const options: Bun.WebSocketOptions = {
        headers: { ...Object.fromEntries(headers), host: url.host },
        // A few bytes could become any number of them.
        perMessageDeflate: false,
        ...(protocols.length > 0 ? { protocols: [...protocols] } : {}),
        ...(tls ? { tls } : {}),
      };
      try {
        return await opened(connect(dialled.href, options), signal);
      } catch (thrown) {
        signal.throwIfAborted();
        if (thrown instanceof SyntaxError)
          throw new AlephError("invalid_params", "The names of protocols are not valid");
        failure = thrown;
      }
    }
    throw new AlephError("not_found", `Cannot reach "${url.host}"`, { cause: failure });
  }
}

interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

function readRequest(
  { url: text, method: given, headers: pairs, body }: OutboundRequest,
  limits: DoorLimits,
): Outgoing {
  const url = normalised(parseTarget(text, { schemes: ["http", "https"] }));
  const method = given.toUpperCase();
  if (!METHOD.test(method) || NO_METHODS.has(method)) {
    throw new AlephError("invalid_params", `"${given.slice(0, 32)}" is not a method that can be used`);
  }
  if (body && (method === "GET" || method === "HEAD")) {
    throw new AlephError("invalid_params", `A ${method} request has no body`);
  }
  if (body && body.byteLength > limits.maxBody) {
    throw new AlephError("payload_too_large", `A request's body may have at most ${limits.maxBody} bytes`);
  }
  return { url, method, headers: readHeaders(pairs), body: body && body.byteLength > 0 ? body : undefined };
}

/** Without those that are the connection's. */
function readHeaders(pairs: OutboundRequest["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) {
    try {
      if (!CONNECTION_HEADERS.test(name.toLowerCase())) headers.append(name, value);
    } catch (cause) {
      throw new AlephError("invalid_params", `${JSON.stringify(name.slice(0, 100))} is not a valid header`, { cause });
    }
  }
  return headers;
}

/** Without the dot that may end a name: servers know themselves without it. */
function normalised(url: URL): URL {
  url.hash = "";
  if (/[^.]\.$/.test(url.hostname)) url.hostname = url.hostname.slice(0, -1);
  return url;
}

/** What the platform's own `fetch` would have given, had it been asked for `url`. */
function answer(
  response: Response,
  url: URL,
  redirected: boolean,
  guard: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>,
  release: () => void,
): Response {
  const { status, statusText, headers, body } = response;
  if (status < 200 || status > 599) throw new AlephError("not_found", `"${url.host}" answers with status ${status}`);
  const isEmpty = body === null || NO_BODY.has(status);
  if (isEmpty) release();
  const own = new Response(isEmpty ? null : guard(body), { status, statusText, headers });
  Object.defineProperties(own, { url: { value: url.href }, redirected: { value: redirected } });
  return own;
}

function openSocket(url: string, options: Bun.WebSocketOptions): WebSocket {
  // The second parameter of Bun's client takes more than the browsers' that the types describe.
  return new WebSocket(url, options as unknown as string[]);
}

/** Resolves when it is open; closes it when it is not wanted any more. */
function opened(socket: WebSocket, signal: AbortSignal): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const ended = new AbortController();
  const once = { once: true, signal: ended.signal };
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => resolve(socket), once);
  socket.addEventListener("error", (event) => reject(new Error((event as ErrorEvent).message)), once);
  socket.addEventListener("close", ({ code }) => reject(new Error(`closed with ${code}`)), once);
  const stop = () => {
    reject(signal.reason);
    socket.close();
  };
  signal.addEventListener("abort", stop, once);
  if (signal.aborted) stop();
  return promise.finally(() => ended.abort());
}

/** Aborts with `signal`, and with `timeout` when the time is over before `stopTimer` or `unlink`. */
function linkedAbort(signal: AbortSignal, ms: number, url: string) {
  const control = new AbortController();
  const follow = () => control.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  const shown = url.slice(0, 200);
  const late = () => new AlephError("timeout", `"${shown}" did not answer within ${ms / 1000} s`);
  const timer = setTimeout(() => control.abort(late()), ms);
  return {
    signal: control.signal,
    abort: (reason: unknown) => control.abort(reason),
    stopTimer: () => clearTimeout(timer),
    unlink() {
      clearTimeout(timer);
      signal.removeEventListener("abort", follow);
    },
  };
}

function tooMany(what: string): AlephError {
  return new AlephError("limit_reached", `A plugin may have ${what} under way at a time`);
}
