/** The way to the network: requests and sockets that the server opens, as the manifest allows. */
import type { ConnectRequest, FetchHead, FetchRequest, SocketEnd, SocketMessage } from "../messages.ts";
import { RemoteError, type Wire } from "./wire.ts";

export interface BrokeredRequest extends Omit<FetchRequest, "body"> {
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BrokeredAnswer extends FetchHead {
  /** As it comes; nothing for an answer without one. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

export interface SocketEvents {
  open(socket: BrokeredSocket): void;
  /** Instead of all others. */
  fail(error: Error): void;
  message(kind: SocketMessage["kind"], data: Uint8Array<ArrayBuffer> | string): void;
  /** The last one. */
  end(end: Omit<SocketEnd, "id">): void;
}

export interface BrokeredSocket {
  readonly protocol: string;
  send(kind: SocketMessage["kind"], data: Uint8Array | string): void;
  /** `end` follows when the other side has answered. */
  close(code: number, reason: string): void;
  /** Without waiting for the other side. */
  abort(): void;
}

/** What the server sends ahead of the reader. */
const WINDOW = 1024 * 1024;
/** Bytes of one message, before base64. */
const PIECE = 192 * 1024;

interface Download {
  readonly push: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly end: (error: string | undefined) => void;
}

export class Broker {
  readonly #wire: Wire;
  readonly #downloads = new Map<number, Download>();
  readonly #sockets = new Map<number, SocketEvents>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async fetch({ body, signal, ...request }: BrokeredRequest): Promise<BrokeredAnswer> {
    signal?.throwIfAborted();
    const isInline = body === undefined || (body instanceof Uint8Array && body.length <= PIECE);
    const wireBody = body === undefined ? null : isInline ? base64(body as Uint8Array) : true;
    const { id, answer } = this.#wire.request("fetch", { ...request, body: wireBody });
    const aborted = Promise.withResolvers<never>();
    const abort = () => {
      this.#wire.notify("cancel", { id });
      aborted.reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    const unlink = () => signal?.removeEventListener("abort", abort);
    // The answer's body may begin in the same piece of input as its head.
    const stream = this.#download(id, unlink);
    try {
      if (!isInline) this.#upload(id, body as Uint8Array | AsyncIterable<Uint8Array>).catch(aborted.reject);
      const head = (await Promise.race([answer, aborted.promise])) as FetchHead;
      if (!head.has_body) {
        this.#downloads.delete(id);
        unlink();
      }
      signal?.addEventListener("abort", () => this.#downloads.get(id)?.end("The request was aborted"), { once: true });
      return { ...head, body: head.has_body ? stream : null };
    } catch (thrown) {
      this.#downloads.delete(id);
      unlink();
      throw thrown instanceof RemoteError ? networkError(thrown, request.url) : thrown;
    }
  }

  connect(request: ConnectRequest, events: SocketEvents): void {
    const { id, answer } = this.#wire.request("connect", request);
    // What comes in the same piece of input as the answer waits until that has been told.
    const early: (() => void)[] = [];
    const later = (work: () => void) => void early.push(work);
    this.#sockets.set(id, {
      ...events,
      message: (kind, data) => later(() => events.message(kind, data)),
      end: (end) => later(() => events.end(end)),
    });
    answer.then(
      (result) => {
        if (this.#sockets.has(id)) this.#sockets.set(id, events);
        events.open(this.#socket(id, (result as { readonly protocol: string }).protocol));
        for (const work of early) work();
      },
      (thrown: RemoteError) => {
        this.#sockets.delete(id);
        events.fail(networkError(thrown, request.url));
      },
    );
  }

  #socket(id: number, protocol: string): BrokeredSocket {
    return {
      protocol,
      send: (kind, data) => {
        const text = kind === "text" ? String(data) : base64(data as Uint8Array);
        this.#wire.notify("socket", { id, kind, data: text });
      },
      close: (code, reason) => this.#wire.notify("socket_end", { id, code, reason }),
      abort: () => {
        this.#wire.notify("cancel", { id });
        this.#endSocket({ id, code: 1006, reason: "", clean: false });
      },
    };
  }

  /** What the server sends without being asked. */
  readonly handlers = {
    body: ({ id, data }: { readonly id: number; readonly data: string }) =>
      this.#downloads.get(id)?.push(bytesOf(data)),
    body_end: ({ id, error }: { readonly id: number; readonly error?: string }) => this.#downloads.get(id)?.end(error),
    socket: ({ id, kind, data }: SocketMessage) =>
      this.#sockets.get(id)?.message(kind, kind === "text" ? data : bytesOf(data)),
    socket_end: (end: SocketEnd) => this.#endSocket(end),
  };

  #endSocket({ id, ...end }: SocketEnd): void {
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    socket?.end(end);
  }

  #download(id: number, done: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
    // What the server may send again: it counts down from the window.
    let owed = 0;
    const finish = () => {
      this.#downloads.delete(id);
      done();
    };
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#downloads.set(id, {
            push(bytes) {
              owed += bytes.length;
              controller.enqueue(bytes);
            },
            end(error) {
              finish();
              if (error === undefined) controller.close();
              else controller.error(Object.assign(new TypeError(error), { code: "ECONNRESET" }));
            },
          });
        },
        pull: () => {
          if (owed > 0) this.#wire.notify("more", { id, count: owed });
          owed = 0;
        },
        cancel: () => {
          this.#wire.notify("cancel", { id });
          finish();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WINDOW }),
    );
  }

  async #upload(id: number, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        for (let at = 0; at < chunk.length; at += PIECE) {
          this.#wire.notify("upload", { id, data: base64(chunk.subarray(at, at + PIECE)) });
          await this.#wire.flush();
        }
      }
      this.#wire.notify("upload_end", { id });
    } catch (thrown) {
      this.#wire.notify("cancel", { id });
      throw thrown;
    }
  }
}

/** Codes that clients look at. */
const CODES: Readonly<Record<string, string>> = {
  forbidden: "EACCES",
  not_found: "ECONNREFUSED",
  timeout: "ETIMEDOUT",
  cancelled: "ECONNABORTED",
};

function networkError(remote: RemoteError, url: string): Error {
  const code = CODES[remote.reason] ?? "ERR_NETWORK";
  return Object.assign(new TypeError(remote.message, { cause: remote }), { code, reason: remote.reason, url });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "base64"));
}
