/**
 * The way to the network for a confined program that speaks for itself: an HTTP proxy on the loopback, which is all that its
 * sandbox lets it reach. Each target is judged by name before it is looked up and by address before it is dialled.
 */
import { createServer, connect as dialSocket, type Server, type Socket } from "node:net";
import { AlephError } from "../protocol/errors.ts";
import { addressesOf, hostOf, type Lookup, parseTarget, portOf } from "./dial.ts";
import { type NetworkRules, parseNetworkRules } from "./network-rules.ts";

export interface EgressProxyOptions {
  /** As `permissions.network` of a plugin's manifest. */
  readonly rules: readonly string[];
  readonly lookup: Lookup;
  /** It tried what the rules do not name. `target` is like `https://example.com:443`. */
  readonly onDenied: (target: string) => void;
}

/** Disposing ends it with all that goes through it. */
export interface EgressProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://aleph:<secret>@127.0.0.1:<port>`: others on this machine do not know the secret. */
  readonly url: string;
}

/** Bytes from the start of a request to its body. */
const MAX_HEAD = 32 * 1024;
const HEAD_MS = 10_000;
const CONNECT_MS = 30_000;
const IDLE_MS = 300_000;
const MAX_CONNECTIONS = 128;
const REQUEST = /^([A-Z]{1,16}) (\S{1,4096}) HTTP\/1\.[01]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}):[ \t]*([^\u0000-\u0008\u000a-\u001f\u007f]*)$/;
/** What is between the program and the proxy only. */
const HOP_HEADERS = /^(?:proxy-[a-z-]+|connection|keep-alive|host)$/;

/** Throws `plugin_error` for a rule that is none. */
export async function openEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const rules = parseNetworkRules(options.rules);
  const secret = crypto.randomUUID();
  const expected = `Basic ${Buffer.from(`aleph:${secret}`).toString("base64")}`;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setTimeout(HEAD_MS, () => socket.destroy());
    // That it ended is all there is to know.
    socket.on("error", () => socket.destroy());
    serve({ ...options, parsed: rules, expected }, socket, (upstream) => {
      sockets.add(upstream);
      upstream.once("close", () => sockets.delete(upstream));
    }).catch((thrown: unknown) => refuse(socket, thrown));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server);
  return {
    port,
    url: `http://aleph:${secret}@127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Serving extends EgressProxyOptions {
  readonly parsed: NetworkRules;
  readonly expected: string;
}

async function serve(options: Serving, client: Socket, onUpstream: (socket: Socket) => void): Promise<void> {
  const { head, rest } = await readHead(client);
  const [first = "", ...lines] = head.split("\r\n");
  const [, method, target] = REQUEST.exec(first) ?? [];
  if (method === undefined || target === undefined) throw new AlephError("invalid_request", "This is no proxy request");
  const headers = lines.map(readHeader);
  const authorization = headers.find(({ name }) => name === "proxy-authorization")?.value ?? "";
  if (!isSame(authorization, options.expected))
    throw new AlephError("unauthenticated", "The proxy's secret is missing");
  const isTunnel = method === "CONNECT";
  const url = isTunnel ? tunnelTarget(target) : parseTarget(target, { schemes: ["http"] });
  const addresses = await judged(options, url, isTunnel);
  const upstream = await dialFirst(url, addresses);
  onUpstream(upstream);
  if (client.destroyed) {
    upstream.destroy();
    return;
  }
  if (isTunnel) client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  else upstream.write(originRequest(method, url, headers));
  if (rest.length > 0) upstream.write(rest);
  join(client, upstream);
}

/** The addresses to dial. Through a tunnel nobody sees whether it is TLS: a rule for either scheme opens it. */
async function judged({ parsed, lookup, onDenied }: Serving, url: URL, isTunnel: boolean): Promise<readonly string[]> {
  const plain = isTunnel ? URL.parse(`http://${url.hostname}:${portOf(url)}/`) : null;
  const forms = [url, ...(plain ? [plain] : [])].filter((form) => parsed.names(form));
  const denied = () => {
    const target = `${url.protocol}//${url.hostname}:${portOf(url)}`;
    onDenied(target);
    return new AlephError("forbidden", `${target} is not open to this program`);
  };
  if (forms.length === 0) throw denied();
  const addresses = await addressesOf(lookup, hostOf(url), AbortSignal.timeout(CONNECT_MS));
  if (addresses.every((address) => forms.some((form) => parsed.mayReach(form, address)))) return addresses;
  throw denied();
}

function tunnelTarget(target: string): URL {
  const isHostAndPort = /^(?:[^\s/\\?#@:[\]]{1,255}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/.test(target);
  if (!isHostAndPort) throw new AlephError("invalid_request", "A tunnel leads to a host and a port");
  return parseTarget(`https://${target}/`, { schemes: ["https"] });
}

async function dialFirst(url: URL, addresses: readonly string[]): Promise<Socket> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await dial(address, Number(portOf(url)));
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw new AlephError("not_found", `Cannot reach ${url.host}`, { cause: failure });
}

function dial(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = dialSocket({ host, port });
  socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error("timeout")));
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}

/** Until one of them ends. */
function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.setTimeout(IDLE_MS, () => from.destroy());
    from.on("error", () => from.destroy());
    from.once("close", () => to.destroy());
    from.pipe(to);
  }
}

/** One request for each connection: what follows on it would not be judged. */
function originRequest(method: string, url: URL, headers: readonly Header[]): string {
  const kept = headers.filter(({ name }) => !HOP_HEADERS.test(name)).map(({ name, value }) => `${name}: ${value}`);
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`, ...kept, "connection: close"];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

interface Header {
  readonly name: string;
  readonly value: string;
}

function readHeader(line: string): Header {
  const [, name, value] = HEADER.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new AlephError("invalid_request", "A header is not valid");
  return { name: name.toLowerCase(), value: value.trimEnd() };
}

function readHead(socket: Socket): Promise<{ readonly head: string; readonly rest: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ head: string; rest: Buffer }>();
  let read = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf("\r\n\r\n");
    if (end < 0 && read.length <= MAX_HEAD) return;
    socket.off("data", take);
    socket.pause();
    if (end < 0 || end > MAX_HEAD) reject(new AlephError("payload_too_large", "The request is too long"));
    else resolve({ head: read.subarray(0, end).toString("latin1"), rest: read.subarray(end + 4) });
  };
  socket.on("data", take);
  socket.once("close", () => reject(new AlephError("cancelled", "The connection was closed")));
  return promise;
}

function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return crypto.timingSafeEqual(hash(given), hash(expected));
}

function refuse(socket: Socket, thrown: unknown): void {
  const { reason, message } = AlephError.from(thrown);
  const status = {
    unauthenticated: "407 Proxy Authentication Required",
    forbidden: "403 Forbidden",
    not_found: "502 Bad Gateway",
  }[reason as "forbidden"];
  const text = `${message}\n`;
  const ask = reason === "unauthenticated" ? 'proxy-authenticate: Basic realm="aleph"\r\n' : "";
  socket.end(
    `HTTP/1.1 ${status ?? "400 Bad Request"}\r\n${ask}content-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address) resolve(address.port);
    else reject(new AlephError("internal", "The proxy has no port"));
  });
  return promise;
}
