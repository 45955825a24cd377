/** What `http.request` gives: a writable stream whose data go to the server, which makes the request. */
import type { Broker, BrokeredAnswer } from "./broker.ts";
import { RequestBody } from "./http-body.ts";
import { defineResponse } from "./http-response.ts";

type HeaderValue = string | number | readonly string[];

export interface RequestOptions {
  readonly protocol?: string;
  readonly host?: string;
  readonly hostname?: string;
  readonly port?: number | string | null;
  readonly defaultPort?: number | string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, HeaderValue | undefined>> | readonly (string | readonly string[])[];
  readonly auth?: string;
  readonly agent?: unknown;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly socketPath?: string;
}

/** What belongs to the connection, which is the server's. */
const CONNECTION =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/;

export function defineClientRequest(broker: Broker) {
  const { Writable } = process.getBuiltinModule("node:stream");
  const { Socket, Incoming } = defineResponse();

  return class ClientRequest extends Writable {
    readonly method: string;
    readonly protocol: string;
    readonly host: string;
    readonly path: string;
    readonly agent: unknown;
    readonly socket: InstanceType<typeof Socket>;
    readonly connection: InstanceType<typeof Socket>;
    readonly reusedSocket = false;
    readonly maxHeadersCount = null;
    res: InstanceType<typeof Incoming> | undefined;
    aborted = false;
    headersSent = false;
    finished = false;
    timeoutCb: unknown = null;
    readonly #port: string;
    readonly #headers = new Map<string, { readonly name: string; readonly value: HeaderValue }>();
    readonly #abort = new AbortController();
    readonly #timer: { handle: Timer | undefined; ms: number } = { handle: undefined, ms: 0 };
    readonly #body = new RequestBody();

    constructor(options: RequestOptions, callback: ((response: unknown) => void) | undefined) {
      // It is over when the answer is.
      super({ decodeStrings: true, autoDestroy: false });
      this.method = (options.method ?? "GET").toUpperCase();
      this.protocol = options.protocol ?? "http:";
      this.host = options.hostname ?? options.host ?? "localhost";
      this.path = options.path ?? "/";
      this.agent = options.agent;
      if (/[^\x21-\xff]/.test(this.path)) {
        throw Object.assign(new TypeError("Request path contains unescaped characters"), {
          code: "ERR_UNESCAPED_CHARACTERS",
        });
      }
      const port = options.port ?? options.defaultPort;
      this.#port = port === undefined || port === null || port === "" ? "" : `:${port}`;
      this.#setHeaders(options);
      this.socket = new Socket(this.protocol === "https:", (error) => this.destroy(error));
      this.connection = this.socket;
      if (callback) this.once("response", callback);
      if (options.timeout) this.setTimeout(options.timeout);
      const { signal, socketPath } = options;
      const stop = () => this.destroy(new DOMException("The operation was aborted", "AbortError") as unknown as Error);
      if (signal?.aborted) queueMicrotask(stop);
      else signal?.addEventListener("abort", stop, { once: true });
      this.once("close", () => signal?.removeEventListener("abort", stop));
      queueMicrotask(() => {
        if (this.destroyed) return;
        if (socketPath !== undefined) this.destroy(noSockets());
        else this.emit("socket", this.socket);
      });
    }

    setHeader(name: string, value: HeaderValue): this {
      this.#headers.set(name.toLowerCase(), { name, value });
      return this;
    }
    appendHeader(name: string, value: string | readonly string[]): this {
      const known = this.#headers.get(name.toLowerCase())?.value;
      const old = known === undefined ? [] : Array.isArray(known) ? known : [String(known)];
      return this.setHeader(name, [...old, ...[value].flat()]);
    }
    getHeader(name: string): HeaderValue | undefined {
      return this.#headers.get(name.toLowerCase())?.value;
    }
    getHeaders(): Record<string, HeaderValue> {
      return Object.fromEntries([...this.#headers].map(([key, { value }]) => [key, value]));
    }
    getHeaderNames(): string[] {
      return [...this.#headers.keys()];
    }
    getRawHeaderNames(): string[] {
      return [...this.#headers.values()].map(({ name }) => name);
    }
    hasHeader(name: string): boolean {
      return this.#headers.has(name.toLowerCase());
    }
    removeHeader(name: string): void {
      this.#headers.delete(name.toLowerCase());
    }
    /** They go with the body. */
    flushHeaders(): void {}
    setNoDelay(): this {
      return this;
    }
    setSocketKeepAlive(): this {
      return this;
    }
    setTimeout(ms: number, callback?: () => void): this {
      if (callback) this.once("timeout", callback);
      this.#timer.ms = ms;
      this.#touch();
      return this;
    }
    abort(): void {
      if (this.aborted) return;
      this.aborted = true;
      this.emit("abort");
      this.destroy();
    }

    override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
      this.#touch();
      this.#body.push(chunk, done);
      if (this.#body.isLong) this.#send();
    }

    override _final(done: (error?: Error | null) => void): void {
      this.finished = true;
      this.#body.end();
      this.#send();
      done();
    }

    override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
      clearTimeout(this.#timer.handle);
      this.#abort.abort();
      this.#body.end();
      if (this.res && !this.res.complete) this.res.destroy(error ?? undefined);
      const hangUp = !this.res && !error ? Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }) : error;
      done(hangUp);
    }

    #send(): void {
      if (this.headersSent || this.destroyed) return;
      this.headersSent = true;
      if (String(this.getHeader("expect")).toLowerCase() === "100-continue")
        queueMicrotask(() => this.emit("continue"));
      const host = this.host.includes(":") ? `[${this.host.replace(/^\[|\]$/g, "")}]` : this.host;
      broker
        .fetch({
          url: `${this.protocol}//${host}${this.#port}${this.path}`,
          method: this.method,
          headers: this.#pairs(),
          redirect: "manual",
          body: this.method === "GET" || this.method === "HEAD" ? undefined : this.#body.whole(),
          signal: this.#abort.signal,
        })
        .then(
          (answer) => this.#answered(answer),
          (error: Error) => this.destroy(error),
        );
    }

    #answered(answer: BrokeredAnswer): void {
      if (this.destroyed) return;
      this.#touch();
      const response = new Incoming(answer, this, this.socket, () => this.#touch());
      this.res = response;
      response.once("close", () => this.destroy());
      // Nobody wants it: read all the same, so that its end comes.
      if (!this.emit("response", response)) response.resume();
    }

    #touch(): void {
      const { ms, handle } = this.#timer;
      clearTimeout(handle);
      if (ms <= 0 || this.destroyed) return;
      this.#timer.handle = setTimeout(() => {
        this.socket.emit("timeout");
        this.emit("timeout");
      }, ms);
      this.#timer.handle.unref();
    }

    #setHeaders({ headers, auth }: RequestOptions): void {
      if (Array.isArray(headers)) {
        const flat = headers.flat() as string[];
        for (let at = 0; at + 1 < flat.length; at += 2) this.appendHeader(flat[at]!, flat[at + 1]!);
      } else {
        for (const [name, value] of Object.entries(headers ?? {})) {
          if (value !== undefined) this.setHeader(name, value as HeaderValue);
        }
      }
      if (auth !== undefined && !this.hasHeader("authorization")) {
        this.setHeader("Authorization", `Basic ${Buffer.from(auth).toString("base64")}`);
      }
    }

    #pairs(): [string, string][] {
      return [...this.#headers.values()].flatMap(({ name, value }) =>
        CONNECTION.test(name.toLowerCase())
          ? []
          : [value].flat().map((single): [string, string] => [name, String(single)]),
      );
    }
  };
}

function noSockets(): Error {
  return Object.assign(new Error("A plugin has no sockets of its own"), { code: "EACCES" });
}
