/** `fetch`, `request`, `WebSocket` and `ping` of `undici` by way of the server. */
import type { Broker } from "./broker.ts";
import { type HeaderInput, headerPairs } from "./websocket.ts";

interface RequestInit {
  readonly method?: string;
  readonly headers?: HeaderInput;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxRedirections?: number;
}

export function installUndici(broker: Broker, fetch: typeof globalThis.fetch): void {
  // Loaded by its name: Bun has its own in the place of the package.
  const undici = require("undici") as Record<string, unknown>;
  const request = async (url: string | URL, init: RequestInit = {}) => {
    const target = new URL(url);
    for (const [name, value] of Object.entries(init.query ?? {})) target.searchParams.append(name, value);
    const { method = "GET", headers, body } = init;
    const sent = body === undefined || body === null ? undefined : new Response(body as BodyInit).body;
    const answer = await broker.fetch({
      url: target.href,
      method: method.toUpperCase(),
      headers: headerPairs(headers ?? {}),
      redirect: init.maxRedirections ? "follow" : "manual",
      signal: init.signal,
      body: sent ?? undefined,
    });
    const found: Record<string, string | string[]> = {};
    for (const [name, value] of answer.headers) {
      const known = found[name];
      found[name] = known === undefined ? value : [known, value].flat();
    }
    return {
      statusCode: answer.status,
      headers: found,
      trailers: {},
      opaque: null,
      context: {},
      body: bodyOf(answer.body),
    };
  };
  const replaced = { fetch, request, WebSocket: defineSocket(), ping };
  Object.assign(undici, replaced);
  Object.assign((undici.default as object | undefined) ?? {}, replaced);
}

/** Pings and pongs are told as undici tells them: on channels of diagnostics. */
function defineSocket(): typeof WebSocket {
  const { channel } = process.getBuiltinModule("node:diagnostics_channel");
  return class WebSocket extends globalThis.WebSocket {
    constructor(...args: ConstructorParameters<typeof globalThis.WebSocket>) {
      super(...args);
      for (const kind of ["ping", "pong"] as const) {
        const tell = ({ data }: MessageEvent) => {
          channel(`undici:websocket:${kind}`).publish({ payload: data, websocket: this });
        };
        this.addEventListener(kind as "message", tell);
      }
    }
  };
}

function ping(socket: WebSocket & { ping(data?: Uint8Array): void }, data?: Uint8Array): void {
  if (!(socket instanceof globalThis.WebSocket)) throw new TypeError("Expected a WebSocket");
  socket.ping(data);
}

function bodyOf(stream: ReadableStream<Uint8Array> | null) {
  const { Readable } = process.getBuiltinModule("node:stream");
  const body = Readable.from(stream ?? []);
  const whole = async () => Buffer.concat(await body.toArray());
  return Object.assign(body, {
    text: async () => (await whole()).toString(),
    json: async () => JSON.parse((await whole()).toString()) as unknown,
    bytes: async () => new Uint8Array(await whole()),
    arrayBuffer: async () => new Uint8Array(await whole()).buffer,
    blob: async () => new Blob([await whole()]),
    dump: async () => void (await whole()),
  });
}
