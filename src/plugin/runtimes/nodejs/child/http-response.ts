/** What an HTTP request of the plugin is answered with, as `http.IncomingMessage` has it, and what stands for its socket. */
import type { EventEmitter } from "node:events";
import type { BrokeredAnswer } from "./broker.ts";

/** Once the server has decoded the body, these do not describe it any more. */
const DECODED = /^(?:content-encoding|content-length|transfer-encoding)$/i;
/** Of several values the first counts; of all others they are joined (Node, `message.headers`). */
const FIRST_ONLY =
  /^(?:age|authorization|content-length|content-type|etag|expires|from|host|if-modified-since|if-unmodified-since|last-modified|location|max-forwards|proxy-authorization|referer|retry-after|server|user-agent)$/;

/** Made when they are first needed: the modules take longer to load than all the rest. */
export function defineResponse() {
  const { Readable } = process.getBuiltinModule("node:stream");
  const Emitter = process.getBuiltinModule("node:events") as unknown as typeof EventEmitter;

  /** Stands for the connection where clients set its options. */
  class Socket extends Emitter {
    readonly remoteAddress = undefined;
    readonly connecting = false;
    readonly encrypted: boolean;
    readonly authorized = true;
    destroyed = false;
    readonly #destroy: (error?: Error) => void;

    constructor(encrypted: boolean, destroy: (error?: Error) => void) {
      super();
      this.encrypted = encrypted;
      this.#destroy = destroy;
    }
    setTimeout(): this {
      return this;
    }
    setNoDelay(): this {
      return this;
    }
    setKeepAlive(): this {
      return this;
    }
    ref(): this {
      return this;
    }
    unref(): this {
      return this;
    }
    address() {
      return {};
    }
    destroy(error?: Error): this {
      this.destroyed = true;
      this.#destroy(error);
      return this;
    }
  }

  class Incoming extends Readable {
    readonly httpVersion = "1.1";
    readonly httpVersionMajor = 1;
    readonly httpVersionMinor = 1;
    readonly statusCode: number;
    readonly statusMessage: string;
    readonly headers: Record<string, string | string[]> = {};
    readonly rawHeaders: string[] = [];
    readonly trailers = {};
    readonly rawTrailers: string[] = [];
    readonly url = "";
    readonly socket: Socket;
    readonly connection: Socket;
    readonly req: unknown;
    complete = false;
    aborted = false;
    readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

    readonly #touch: () => void;

    /** `touch` is called with each piece. */
    constructor(answer: BrokeredAnswer, req: unknown, socket: Socket, touch: () => void) {
      super();
      this.#touch = touch;
      this.statusCode = answer.status;
      this.statusMessage = answer.status_text;
      this.req = req;
      this.socket = socket;
      this.connection = socket;
      const isDecoded = answer.headers.some(([name]) => /^content-encoding$/i.test(name));
      for (const [name, value] of answer.headers) {
        if (!isDecoded || !DECODED.test(name)) this.#addHeader(name, value);
      }
      this.#reader = answer.body?.getReader();
    }

    setTimeout(): this {
      return this;
    }

    override _read(): void {
      void this.#pull();
    }

    override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
      this.aborted = !this.complete;
      // Read to its end or broken: nothing left to cancel.
      this.#reader?.cancel().catch(() => {});
      done(error);
    }

    async #pull(): Promise<void> {
      try {
        const read = await this.#reader?.read();
        if (this.destroyed) return;
        this.#touch();
        this.complete = read?.done !== false;
        this.push(read?.done === false ? Buffer.from(read.value) : null);
      } catch (thrown) {
        this.destroy(thrown as Error);
      }
    }

    #addHeader(name: string, value: string): void {
      const key = name.toLowerCase();
      this.rawHeaders.push(name, value);
      const known = this.headers[key];
      if (key === "set-cookie") this.headers[key] = [...((known as string[] | undefined) ?? []), value];
      else if (known === undefined) this.headers[key] = value;
      else if (!FIRST_ONLY.test(key)) this.headers[key] = `${known as string}${key === "cookie" ? "; " : ", "}${value}`;
    }
  }

  return { Socket, Incoming };
}
