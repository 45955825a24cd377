/**
 * The way to the network for commands, which have none of their own: an HTTP proxy on loopback. Each host is judged by rules
 * before its name is looked up, and the connection goes to an address that was judged. What a server redirects to comes as
 * a request of its own.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { type Duplex, pipeline, type Readable, type Writable } from "node:stream";
import { AlephError } from "../protocol/errors.ts";
import { addressesOf, hostOf, type Lookup, parseTarget, portOf } from "./dial.ts";
import { type NetworkRules, parseNetworkRules } from "./network-rules.ts";

export interface ProxyOptions {
  /** Like `connect:https://api.example.com`, or judged otherwise. */
  readonly rules: readonly string[] | NetworkRules;
  readonly lookup: Lookup;
  /** What the rules do not name was tried; `target` is like `https://example.com:443`. */
  readonly onDenied: (target: string) => void;
}

export interface CommandProxy extends AsyncDisposable {
  readonly port: number;
  /** What programs ask for in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

const CONNECTIONS = 128;
const CONNECT_MS = 20_000;
const IDLE_MS = 300_000;
/** For this connection alone (RFC 9110, 7.6.1). */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
]);

/** Throws `plugin_error` for a rule that is none. */
export async function startProxy({ rules, lookup, onDenied }: ProxyOptions): Promise<CommandProxy> {
  const judged = "names" in rules ? rules : parseNetworkRules(rules);
  // Others on this machine reach the port too.
  const password = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  const expected = `Basic ${Buffer.from(`aleph:${password}`).toString("base64")}`;
  const open = new Set<{ destroy(): void }>();
  const ended = new AbortController();

  const addresses = async (url: URL): Promise<readonly string[]> => {
    const denied = () => {
      onDenied(`${url.protocol}//${url.hostname}:${portOf(url)}`);
      return new AlephError("forbidden", `"${url.host}" is not among the hosts that this command may reach`);
    };
    if (!judged.names(url)) throw denied();
    const found = await addressesOf(lookup, hostOf(url), ended.signal);
    if (!found.every((address) => judged.mayReach(url, address))) throw denied();
    return found;
  };
  const dial = async (url: URL): Promise<Socket> => {
    let failure: unknown;
    for (const address of await addresses(url)) {
      try {
        return await connected(address, Number(portOf(url)));
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw new AlephError("not_found", `Cannot reach "${url.host}"`, { cause: failure });
  };
  const mayUse = ({ headers }: IncomingMessage) => headers["proxy-authorization"] === expected;

  const server = createServer((incoming, answer) => {
    void forward(incoming, answer).catch((thrown: unknown) => refuse(answer, thrown));
  });
  const forward = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    if (!mayUse(incoming)) return void answer.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    const url = parseTarget(incoming.url ?? "", { schemes: ["http"] });
    const socket = await dial(url);
    keep(socket);
    // Whoever asked is gone: nobody waits for the rest.
    answer.once("close", () => socket.destroy());
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).filter(([name]) => !HOP_HEADERS.has(name) && name !== "host"),
    );
    const outgoing = request({
      createConnection: () => socket,
      method: incoming.method ?? "GET",
      path: `${url.pathname}${url.search}`,
      // What was judged, whatever else the request says.
      headers: { ...headers, host: url.host, connection: "close" },
    });
    outgoing.on("response", (response) => {
      try {
        const passed = Object.entries(response.headers).filter(([name]) => !HOP_HEADERS.has(name));
        answer.writeHead(response.statusCode ?? 502, Object.fromEntries(passed) as Record<string, string>);
        pass(response, answer, () => socket.destroy());
      } catch (thrown) {
        // A stranger wrote this: what cannot be said again, such as status 99, must not end more than this request.
        socket.destroy();
        refuse(answer, thrown);
      }
    });
    // Nobody asked for another protocol.
    outgoing.on("upgrade", () => {
      socket.destroy();
      refuse(answer, undefined);
    });
    outgoing.on("error", (error) => refuse(answer, error));
    pass(incoming, outgoing, () => undefined);
  };
  const tunnel = async (incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> => {
    if (!mayUse(incoming)) {
      client.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
      );
      return;
    }
    if (!/^[^/?#@\s]+:\d{1,5}$/.test(incoming.url ?? "")) throw new AlephError("invalid_params", "Not a host and port");
    const socket = await dial(parseTarget(`https://${incoming.url}/`, { schemes: ["https"] }));
    keep(socket);
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.byteLength > 0) socket.write(head);
    pass(client, socket, () => socket.destroy());
    pass(socket, client, () => client.destroy());
  };
  const keep = (socket: { destroy(): void; once(event: "close", listener: () => void): unknown }) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  server.on("connection", (socket) => keep(socket));
  server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    // The other side may go away at any moment; there is nobody to tell.
    client.on("error", () => client.destroy());
    void tunnel(incoming, client, head).catch((thrown: unknown) => {
      const { status, text } = described(thrown);
      client.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    });
  });
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://aleph:${password}@127.0.0.1:${port}`;
  return {
    port,
    env: {
      http_proxy: url,
      HTTP_PROXY: url,
      https_proxy: url,
      HTTPS_PROXY: url,
      ALL_PROXY: url,
      NODE_USE_ENV_PROXY: "1",
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function connected(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port });
  socket.setTimeout(CONNECT_MS);
  socket.on("timeout", () => socket.destroy(new Error("timeout")));
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.setTimeout(IDLE_MS);
    resolve(socket);
  });
  return promise;
}

/** As `pipeline`, which throws when one of the two has closed in the meantime; here that is an end as any other. */
function pass(from: Readable, to: Writable, ended: () => void): void {
  try {
    pipeline(from, to, ended);
  } catch (thrown) {
    if (!from.destroyed && !to.destroyed && !to.writableEnded) throw thrown;
    from.destroy();
    to.destroy();
    ended();
  }
}

function refuse(answer: ServerResponse, thrown: unknown): void {
  if (answer.headersSent) {
    answer.destroy();
    return;
  }
  const { status, text } = described(thrown);
  answer.writeHead(Number(status.slice(0, 3)), { "content-type": "text/plain" }).end(text);
}

/** The words are ours: what else went wrong is not for the command. */
function described(thrown: unknown): { readonly status: string; readonly text: string } {
  if (!(thrown instanceof AlephError)) return { status: "502 Bad Gateway", text: "The request failed\n" };
  const status = thrown.reason === "forbidden" ? "403 Forbidden" : "502 Bad Gateway";
  return { status, text: `${thrown.message}\n` };
}
