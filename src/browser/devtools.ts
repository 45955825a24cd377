/**
 * The DevTools protocol over two pipes. `Bun.WebView` speaks it too, but starts its Chromium itself, one for the whole process
 * and with one profile for all; here each session has a browser of its own that our launcher has confined.
 */
import { AlephError } from "../protocol/errors.ts";

export type Params = Readonly<Record<string, unknown>>;

export interface DevToolsEvent {
  readonly method: string;
  readonly params: Params;
  /** The page that it is about; left out: the browser. */
  readonly page?: string;
}

export interface DevToolsOptions {
  readonly input: Pick<Bun.FileSink, "write" | "flush">;
  readonly output: ReadableStream<Uint8Array>;
  readonly onEvent: (event: DevToolsEvent) => void;
  /** It said what is no message of the protocol, or its pipe broke: nothing more is heard of it. */
  readonly onBroken: (thrown: unknown) => void;
}

export interface CallOptions {
  /** Throws its reason when it aborts first. */
  readonly signal?: AbortSignal;
  /** As in `DevToolsEvent`. */
  readonly page?: string;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  readonly method: string;
  readonly page: string | undefined;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly sessionId?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A page decides how much it says. */
const MAX_MESSAGE = 32 * 1024 * 1024;

export class DevTools {
  readonly #options: DevToolsOptions;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended = false;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(options: DevToolsOptions) {
    this.#options = options;
    const broken = (thrown: unknown) => {
      this.end();
      options.onBroken(thrown);
    };
    void this.#read().then(() => this.end(), broken);
  }

  /** Throws `conflict` for what the browser refuses, `not_found` when it is gone. */
  call<T>(method: string, params: Params = {}, { signal, page }: CallOptions = {}): Promise<T> {
    if (this.#ended) return Promise.reject(gone());
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const stop = () => {
      this.#waiting.delete(id);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    this.#waiting.set(id, { method, page, resolve, reject });
    const message = { id, method, params, ...(page === undefined ? {} : { sessionId: page }) };
    try {
      this.#options.input.write(`${JSON.stringify(message)}\0`);
      void Promise.resolve(this.#options.input.flush()).catch(() => this.end());
    } catch {
      // Nobody reads any more: all that waits hears of it.
      this.end();
    }
    return promise.finally(() => signal?.removeEventListener("abort", stop));
  }

  /** Whoever waits is told that the browser is gone. */
  end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  /** It was closed: nothing that was asked of it will be answered. */
  endPage(page: string): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.page !== page) continue;
      this.#waiting.delete(id);
      waiting.reject(new AlephError("conflict", "The tab was closed"));
    }
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#options.output) this.#take(chunk);
  }

  #take(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#deliver();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Uint8Array): void {
    // Of one that is too long the beginning tells which call it answers.
    if (part.byteLength > 0 && this.#size <= MAX_MESSAGE) this.#chunks.push(part.slice());
    this.#size += part.byteLength;
  }

  #deliver(): void {
    const bytes = Buffer.concat(this.#chunks);
    const isTooLong = this.#size > MAX_MESSAGE;
    this.#chunks = [];
    this.#size = 0;
    if (isTooLong) {
      const id = /^\{"id":(\d+)/.exec(bytes.subarray(0, 64).toString("latin1"))?.[1];
      const error = new AlephError("payload_too_large", "The page answered with more than can be taken");
      if (id !== undefined) this.#settle(Number(id), (waiting) => waiting.reject(error));
      return;
    }
    const { id, method, params = {}, sessionId, result, error } = JSON.parse(bytes.toString("utf8")) as Message;
    if (id !== undefined) {
      this.#settle(id, ({ resolve, reject, method: called }) => {
        if (error) reject(new AlephError("conflict", `The browser refused ${called}: ${error.message}`));
        else resolve(result as never);
      });
    } else if (method !== undefined) {
      this.#options.onEvent({ method, params, ...(sessionId === undefined ? {} : { page: sessionId }) });
    }
  }

  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) settle(waiting);
  }
}

function gone(): AlephError {
  return new AlephError("not_found", "The browser has ended", { data: { hint: "The next call starts a new one" } });
}
