/** JSON-RPC the other way round: what the server asks of a client, and the answers that are still to come. */
import { unlessAborted } from "../lib/unless-aborted.ts";
import { type AlephError, fromRpcError } from "../protocol/errors.ts";

export class ClientRequests {
  readonly #send: (frame: string) => void;
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #end: AlephError | undefined;

  constructor(send: (frame: string) => void) {
    this.#send = send;
  }

  /** Rejects with the client's error, and with `cancelled` when no answer can come or is wanted any more. */
  async ask(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    if (this.#end) throw this.#end;
    // Not a number: the client's own requests have those, and a log of frames should tell the two apart.
    const id = `s${++this.#asked}`;
    const waiter = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiter);
    this.#send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    if (!signal) return waiter.promise;
    try {
      return await unlessAborted(waiter.promise, signal);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Whether `value` is meant as an answer to something that was asked here; one that comes too late is passed over. */
  take(value: unknown): boolean {
    if (this.#asked === 0 || typeof value !== "object" || value === null || "method" in value) return false;
    if (!("result" in value) && !("error" in value)) return false;
    const { id, result, error } = value as { id?: unknown; result?: unknown; error?: unknown };
    const waiter = typeof id === "string" ? this.#waiting.get(id) : undefined;
    if (!waiter) return true;
    this.#waiting.delete(id as string);
    if (error === undefined) waiter.resolve(result);
    else waiter.reject(errorOf(error));
    return true;
  }

  /** Nothing will be answered any more. */
  close(end: AlephError): void {
    this.#end = end;
    for (const waiter of this.#waiting.values()) {
      // Whoever has stopped waiting need not hear of it.
      waiter.promise.catch(() => undefined);
      waiter.reject(end);
    }
    this.#waiting.clear();
  }
}

/** What a client says is not to be trusted to have the right shape. */
function errorOf(error: unknown): AlephError {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  return fromRpcError({
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message.slice(0, 2000) : "The client failed without a word",
    data,
  });
}
