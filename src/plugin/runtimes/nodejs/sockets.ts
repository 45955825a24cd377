/** The WebSockets of a plugin, which the server opens and holds for it. */
import { AlephError } from "../../../protocol/errors.ts";
import type { NetworkDoor, OutboundRequest } from "../../../sdk/runtime.ts";
import type { SocketMessage } from "./messages.ts";
import { arePairs } from "./pairs.ts";
import type { Pipe } from "./pipe.ts";

export interface SocketsOptions {
  readonly door: NetworkDoor;
  readonly pipe: Pick<Pipe, "notify" | "answer" | "fail">;
}

interface Socket {
  readonly abort: AbortController;
  /** Once it is open. */
  socket: WebSocket | undefined;
}

/** Bun's clients can do that too. */
type WithControl = WebSocket & { ping?(data: Uint8Array): void; pong?(data: Uint8Array): void };

const MAX_SOCKETS = 64;
/** Bytes that may wait for the other side before the socket is given up. */
const MAX_WAITING = 16 * 1024 * 1024;
/** Characters of a message that is passed on to the plugin. */
const MAX_MESSAGE = 16 * 1024 * 1024;
/** Bytes of a ping or pong (RFC 6455, 5.5). */
const MAX_CONTROL = 125;
const POLICY = 1008;
const TOO_BIG = 1009;

export class Sockets implements Disposable {
  readonly #o: SocketsOptions;
  readonly #sockets = new Map<number, Socket>();

  constructor(options: SocketsOptions) {
    this.#o = options;
  }

  connect(id: number, { url, protocols, headers }: Record<string, unknown>): boolean {
    if (typeof url !== "string" || !Array.isArray(protocols) || this.#sockets.has(id)) return false;
    if (!protocols.every((name) => typeof name === "string") || protocols.length > 50 || !arePairs(headers))
      return false;
    if (this.#sockets.size >= MAX_SOCKETS) {
      this.#o.pipe.fail(id, `A plugin may have ${MAX_SOCKETS} sockets at a time`, "limit_reached");
      return true;
    }
    void this.#open(id, url, protocols, headers);
    return true;
  }

  send(id: number, { kind, data }: Record<string, unknown>): boolean {
    if (typeof data !== "string") return false;
    const isControl = kind === "ping" || kind === "pong";
    // Or the client throws.
    if (isControl && Buffer.byteLength(data, "base64") > MAX_CONTROL) return false;
    const socket = this.#sockets.get(id)?.socket as WithControl | undefined;
    if (kind === "text") socket?.send(data);
    else if (kind === "binary") socket?.send(Buffer.from(data, "base64"));
    else if (kind === "ping") socket?.ping?.(Buffer.from(data, "base64"));
    else if (kind === "pong") socket?.pong?.(Buffer.from(data, "base64"));
    else return false;
    if (socket && socket.bufferedAmount > MAX_WAITING) this.#giveUp(id, socket, POLICY, "The other side does not read");
    return true;
  }

  close(id: number, { code, reason }: Record<string, unknown>): boolean {
    if (typeof code !== "number" || typeof reason !== "string") return false;
    const found = this.#sockets.get(id);
    if (!found) return true;
    try {
      found.socket?.close(code, reason);
    } catch {
      // A code that may not be sent, or too long a reason: closed without.
      found.socket?.close();
    }
    return true;
  }

  cancel(id: number): void {
    const found = this.#sockets.get(id);
    this.#sockets.delete(id);
    found?.abort.abort(new AlephError("cancelled", "The plugin gave up the socket"));
    found?.socket?.close();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#sockets.keys()]) this.cancel(id);
  }

  async #open(
    id: number,
    url: string,
    protocols: readonly string[],
    headers: OutboundRequest["headers"],
  ): Promise<void> {
    const { door, pipe } = this.#o;
    const own: Socket = { abort: new AbortController(), socket: undefined };
    this.#sockets.set(id, own);
    try {
      const socket = await door.connect(url, protocols, own.abort.signal, headers);
      if (own.abort.signal.aborted) {
        socket.close();
        return;
      }
      own.socket = socket;
      socket.binaryType = "arraybuffer";
      socket.addEventListener("message", ({ data }) => this.#pass(id, socket, data));
      for (const kind of ["ping", "pong"] as const) {
        socket.addEventListener(kind, (event) => {
          const { data } = event as MessageEvent<Uint8Array | ArrayBuffer | undefined>;
          this.#tell({ id, kind, data: base64(data ?? new Uint8Array()) });
        });
      }
      socket.addEventListener("close", ({ code, reason, wasClean }) => this.#closed(id, code, reason, wasClean));
      pipe.answer(id, { protocol: socket.protocol });
    } catch (thrown) {
      const { reason, message } = AlephError.from(thrown);
      if (this.#sockets.delete(id)) pipe.fail(id, message, reason);
    }
  }

  #pass(id: number, socket: WebSocket, data: unknown): void {
    const size = typeof data === "string" ? data.length : (data as ArrayBuffer).byteLength;
    if (size > MAX_MESSAGE) this.#giveUp(id, socket, TOO_BIG, "A message was too large for the plugin");
    else if (typeof data === "string") this.#tell({ id, kind: "text", data });
    else this.#tell({ id, kind: "binary", data: base64(data as ArrayBuffer) });
  }

  #tell(message: SocketMessage): void {
    if (this.#sockets.has(message.id)) this.#o.pipe.notify("socket", message);
  }

  #giveUp(id: number, socket: WebSocket, code: number, reason: string): void {
    socket.close();
    this.#closed(id, code, reason, false);
  }

  #closed(id: number, code: number, reason: string, clean: boolean): void {
    if (this.#sockets.delete(id)) this.#o.pipe.notify("socket_end", { id, code, reason, clean });
  }
}

function base64(data: Uint8Array | ArrayBuffer): string {
  return (data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data)).toString("base64");
}
