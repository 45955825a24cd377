/** `WebSocket` (WHATWG) by way of the server. */
import type { ConnectRequest } from "../messages.ts";
import type { Broker, BrokeredSocket } from "./broker.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const STATES = { CONNECTING, OPEN, CLOSING, CLOSED };
const EVENTS = ["open", "message", "error", "close"] as const;
type Listener = ((event: Event) => void) | null;
type BinaryType = "arraybuffer" | "blob" | "nodebuffer";

export type HeaderInput = Headers | Readonly<Record<string, string | readonly string[]>>;

export interface SocketOptions {
  readonly protocols?: string | readonly string[];
  readonly headers?: HeaderInput;
}

/** Protocols as in browsers, or Bun's object. */
type Options = string | readonly string[] | SocketOptions;

export function installWebSocket(broker: Broker): void {
  class BrokeredWebSocket extends EventTarget {
    readonly [Symbol.toStringTag] = "WebSocket";
    readonly url: string;
    readonly extensions = "";
    binaryType: BinaryType = "arraybuffer";
    #state = CONNECTING;
    #protocol = "";
    #socket: BrokeredSocket | undefined;
    readonly #on = new Map<string, { readonly listener: Listener; readonly call: (event: Event) => void }>();

    constructor(url: string | URL, options?: Options) {
      super();
      this.url = socketUrl(url);
      broker.connect(
        { url: this.url, ...readOptions(options) },
        {
          open: (socket) => this.#opened(socket),
          fail: (error) => this.#failed(error),
          message: (kind, data) => this.#receive(kind, data),
          end: ({ code, reason, clean }) => this.#ended(code, reason, clean),
        },
      );
      for (const name of EVENTS) {
        Object.defineProperty(this, `on${name}`, {
          get: () => this.#on.get(name)?.listener ?? null,
          set: (listener: Listener) => this.#setOn(name, listener),
          enumerable: true,
        });
      }
    }

    get readyState(): number {
      return this.#state;
    }

    get protocol(): string {
      return this.#protocol;
    }

    /** What is sent is with the server at once. */
    get bufferedAmount(): number {
      return 0;
    }

    send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
      if (this.#state === CONNECTING) throw new DOMException("The socket is not open yet", "InvalidStateError");
      const socket = this.#socket;
      if (this.#state !== OPEN || !socket) return;
      if (data instanceof Blob) void data.bytes().then((bytes) => socket.send("binary", bytes));
      else if (ArrayBuffer.isView(data)) socket.send("binary", bytesIn(data));
      else if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer)
        socket.send("binary", new Uint8Array(data));
      else socket.send("text", String(data));
    }

    close(code = 1000, reason = ""): void {
      if (code !== 1000 && (code < 3000 || code > 4999)) {
        throw new DOMException(`${code} is not a code that may be sent`, "InvalidAccessError");
      }
      if (this.#state >= CLOSING) return;
      this.#state = CLOSING;
      this.#socket?.close(code, reason);
    }

    // Bun's own, and `ws`.
    ping(data: Uint8Array = new Uint8Array()): void {
      if (this.#state === OPEN) this.#socket?.send("ping", data);
    }

    pong(data: Uint8Array = new Uint8Array()): void {
      if (this.#state === OPEN) this.#socket?.send("pong", data);
    }

    terminate(): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSING;
      this.#socket?.abort();
    }

    #opened(socket: BrokeredSocket): void {
      this.#socket = socket;
      this.#protocol = socket.protocol;
      if (this.#state === CLOSING) {
        socket.close(1000, "");
        return;
      }
      this.#state = OPEN;
      this.dispatchEvent(new Event("open"));
    }

    #failed(error: Error): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      this.dispatchEvent(new ErrorEvent("error", { message: error.message, error }));
      this.dispatchEvent(new CloseEvent("close", { code: 1006, reason: error.message, wasClean: false }));
    }

    #receive(kind: string, data: Uint8Array<ArrayBuffer> | string): void {
      if (kind === "ping" || kind === "pong") {
        this.dispatchEvent(new MessageEvent(kind, { data: Buffer.from(data as Uint8Array) }));
      } else if (this.#state === OPEN || this.#state === CLOSING) {
        const body = typeof data === "string" ? data : this.#binary(data);
        this.dispatchEvent(new MessageEvent("message", { data: body, origin: new URL(this.url).origin }));
      }
    }

    #binary(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer | Buffer | Blob {
      if (this.binaryType === "blob") return new Blob([bytes]);
      return this.binaryType === "nodebuffer" ? Buffer.from(bytes.buffer) : bytes.buffer;
    }

    #ended(code: number, reason: string, clean: boolean): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      if (!clean) this.dispatchEvent(new ErrorEvent("error", { message: reason || "The connection broke" }));
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: clean }));
    }

    #setOn(name: string, listener: Listener): void {
      const old = this.#on.get(name);
      if (old) this.removeEventListener(name, old.call);
      this.#on.delete(name);
      if (typeof listener !== "function") return;
      const call = (event: Event) => listener.call(this, event);
      this.#on.set(name, { listener, call });
      this.addEventListener(name, call);
    }
  }
  Object.assign(BrokeredWebSocket, STATES);
  Object.assign(BrokeredWebSocket.prototype, STATES);
  Object.defineProperty(BrokeredWebSocket, "name", { value: "WebSocket" });
  globalThis.WebSocket = BrokeredWebSocket as unknown as typeof WebSocket;
}

/** `http` URLs are taken too (WHATWG, constructor, steps 3 to 7). Throws `SyntaxError`. */
export function socketUrl(given: string | URL): string {
  const url = URL.parse(String(given));
  if (url?.protocol === "http:") url.protocol = "ws:";
  if (url?.protocol === "https:") url.protocol = "wss:";
  if (!url || !/^wss?:$/.test(url.protocol)) {
    throw new DOMException(`"${String(given).slice(0, 200)}" is not a WebSocket URL`, "SyntaxError");
  }
  url.hash = "";
  return url.href;
}

/** As `connect` takes them. */
export function readOptions(options: Options | undefined): Omit<ConnectRequest, "url"> {
  const isList = options === undefined || typeof options === "string" || Array.isArray(options);
  const { protocols = [], headers = {} } = (isList ? { protocols: options } : options) as SocketOptions;
  return { protocols: [protocols].flat(), headers: headerPairs(headers) };
}

/** Of what clients take as headers. */
export function headerPairs(headers: HeaderInput): [string, string][] {
  if (headers instanceof Headers) return [...headers];
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((single): [string, string] => [name, String(single)]),
  );
}

export function bytesIn(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
