/** The client of the package `ws` by way of the server. */
import type { EventEmitter } from "node:events";
import type { Broker, BrokeredSocket } from "./broker.ts";
import { bytesIn, readOptions, type SocketOptions, socketUrl } from "./websocket.ts";

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const EVENTS = ["open", "message", "error", "close"];

type Data = string | number | ArrayBuffer | ArrayBufferView | readonly Uint8Array[];
type Done = (error?: Error) => void;
interface EventListener {
  (event: object): void;
  readonly handleEvent?: (event: object) => void;
}

export function installWs(broker: Broker): void {
  // Loaded by its name: Bun has its own in the place of the package.
  const ws = require("ws") as Record<string, unknown>;
  const Emitter = process.getBuiltinModule("node:events") as unknown as typeof EventEmitter;

  class WebSocket extends Emitter {
    readonly url: string;
    readonly extensions = "";
    readonly isPaused = false;
    readonly bufferedAmount = 0;
    binaryType = "nodebuffer";
    protocol = "";
    readyState = STATES.CONNECTING;
    #socket: BrokeredSocket | undefined;
    readonly #listeners = new Map<unknown, (...args: readonly unknown[]) => void>();

    constructor(url: string | URL, protocols?: string | readonly string[] | object, options?: object) {
      super();
      this.url = socketUrl(url);
      const isOptions = typeof protocols === "object" && !Array.isArray(protocols);
      const given = ((isOptions ? protocols : options) ?? {}) as SocketOptions & { readonly signal?: AbortSignal };
      const names = isOptions ? [] : ((protocols ?? []) as string | readonly string[]);
      given.signal?.addEventListener("abort", () => this.terminate(), { once: true });
      broker.connect(
        { url: this.url, ...readOptions({ ...given, protocols: names }) },
        {
          open: (socket) => this.#opened(socket),
          fail: (error) => {
            this.emit("error", error);
            this.#ended(1006, "");
          },
          message: (kind, data) => this.#receive(kind, data),
          end: ({ code, reason }) => this.#ended(code, reason),
        },
      );
    }

    send(data: Data, options?: { readonly binary?: boolean } | Done, callback?: Done): void {
      const done = typeof options === "function" ? options : callback;
      if (this.readyState === STATES.CONNECTING) throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
      if (this.readyState !== STATES.OPEN || !this.#socket) {
        const error = new Error(`WebSocket is not open: readyState ${this.readyState}`);
        if (done) queueMicrotask(() => done(error));
        return;
      }
      const wanted = typeof options === "object" ? options.binary : undefined;
      const isText = wanted === undefined ? typeof data === "string" || typeof data === "number" : !wanted;
      const bytes = typeof data === "string" || typeof data === "number" ? Buffer.from(String(data)) : bytesOf(data);
      this.#socket.send(isText ? "text" : "binary", isText ? Buffer.from(bytes).toString() : bytes);
      if (done) queueMicrotask(() => done());
    }

    ping(data?: Data | Done, _mask?: boolean | Done, callback?: Done): void {
      this.#control("ping", data, callback);
    }

    pong(data?: Data | Done, _mask?: boolean | Done, callback?: Done): void {
      this.#control("pong", data, callback);
    }

    close(code = 1000, reason: string | Uint8Array = ""): void {
      if (this.readyState >= STATES.CLOSING) return;
      this.readyState = STATES.CLOSING;
      this.#socket?.close(code, typeof reason === "string" ? reason : Buffer.from(reason).toString());
    }

    terminate(): void {
      if (this.readyState === STATES.CLOSED) return;
      this.readyState = STATES.CLOSING;
      this.#socket?.abort();
    }

    pause(): void {}
    resume(): void {}

    addEventListener(type: string, listener: EventListener, options?: { readonly once?: boolean }): void {
      const call = (...args: readonly unknown[]) => {
        const event = { type, target: this, ...eventOf(type, args) };
        if (typeof listener === "function") listener.call(this, event);
        else (listener as { handleEvent(event: object): void }).handleEvent(event);
      };
      this.#listeners.set(listener, call);
      if (options?.once) this.once(type, call);
      else this.on(type, call);
    }

    removeEventListener(type: string, listener: EventListener): void {
      const call = this.#listeners.get(listener);
      if (call) this.off(type, call);
    }

    #opened(socket: BrokeredSocket): void {
      this.#socket = socket;
      this.protocol = socket.protocol;
      if (this.readyState === STATES.CLOSING) {
        socket.close(1000, "");
        return;
      }
      this.readyState = STATES.OPEN;
      this.emit("open");
    }

    #receive(kind: string, data: Uint8Array<ArrayBuffer> | string): void {
      const buffer = typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer);
      if (kind === "ping" || kind === "pong") this.emit(kind, buffer);
      else this.emit("message", kind === "binary" ? this.#binary(buffer) : buffer, kind === "binary");
    }

    #binary(buffer: Buffer<ArrayBuffer>): unknown {
      if (this.binaryType === "arraybuffer") return new Uint8Array(buffer).buffer;
      if (this.binaryType === "blob") return new Blob([buffer]);
      return this.binaryType === "fragments" ? [buffer] : buffer;
    }

    #ended(code: number, reason: string): void {
      if (this.readyState === STATES.CLOSED) return;
      this.readyState = STATES.CLOSED;
      this.emit("close", code, Buffer.from(reason));
    }

    #control(kind: "ping" | "pong", data: Data | Done | undefined, callback: Done | undefined): void {
      if (this.readyState === STATES.CONNECTING) throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
      const hasData = data !== undefined && typeof data !== "function";
      const bytes = !hasData ? new Uint8Array() : typeof data === "object" ? bytesOf(data) : Buffer.from(String(data));
      if (this.readyState === STATES.OPEN) this.#socket?.send(kind, bytes);
      const done = typeof data === "function" ? data : callback;
      if (done) queueMicrotask(() => done());
    }
  }
  for (const name of EVENTS) {
    const own = new WeakMap<WebSocket, EventListener>();
    Object.defineProperty(WebSocket.prototype, `on${name}`, {
      get(this: WebSocket) {
        return own.get(this) ?? null;
      },
      set(this: WebSocket, listener: EventListener | null) {
        const old = own.get(this);
        if (old) this.removeEventListener(name, old);
        own.delete(this);
        if (typeof listener !== "function") return;
        own.set(this, listener);
        this.addEventListener(name, listener);
      },
    });
  }
  Object.assign(WebSocket.prototype, STATES);
  const { Server, WebSocketServer, Receiver, Sender, createWebSocketStream } = ws;
  Object.assign(WebSocket, STATES, { WebSocket, Server, WebSocketServer, Receiver, Sender, createWebSocketStream });
  // For `import` the one, for `require` the other.
  Object.assign(ws, { default: WebSocket, WebSocket });
  require.cache.ws!.exports = WebSocket;
}

function eventOf(type: string, [first, second]: readonly unknown[]): object {
  if (type === "message") return { data: second ? first : String(first) };
  if (type === "close") return { code: first, reason: String(second), wasClean: first !== 1006 };
  if (type === "error") return { error: first, message: (first as Error).message };
  return {};
}

function bytesOf(data: ArrayBuffer | ArrayBufferView | readonly Uint8Array[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data as readonly Uint8Array[]);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : bytesIn(data as ArrayBufferView);
}
