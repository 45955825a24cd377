/** Calls that wait for their answers, each until it comes, the line is lost, or whoever made it has waited long enough. */
import { AlephError, fromRpcError } from "../protocol/errors.ts";

export interface CallOptions {
  /** Rejects the call with `cancelled`. What the server does for it already may go on. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects the call with `timeout` after so long. Default: it waits. */
  readonly timeoutMs?: number | undefined;
}

export interface Answer {
  readonly id?: number | string | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

interface Waiting {
  readonly waiter: PromiseWithResolvers<unknown>;
  /** Sees the result before the next frame is looked at. */
  readonly accept: ((result: unknown) => void) | undefined;
  readonly release: () => void;
}

export class Calls {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** `send` gets the id; what it throws means that the line is gone. */
  start(
    send: (id: number) => void,
    { signal, timeoutMs }: CallOptions,
    accept?: (result: unknown) => void,
  ): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = this.#nextId++;
    const waiter = Promise.withResolvers<unknown>();
    const giveUp = (error: AlephError) => {
      this.#take(id);
      waiter.reject(error);
    };
    const onAbort = () => giveUp(cancelled());
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(tooLate(timeoutMs)), timeoutMs);
    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.set(id, { waiter, accept, release });
    try {
      send(id);
    } catch {
      // The socket closed between two events; its `closed` rejects the rest.
      giveUp(lost());
    }
    return waiter.promise;
  }

  /** Answers that nobody waits for any more are dropped. */
  settle({ id, error, result }: Answer): void {
    const found = this.#take(Number(id ?? Number.NaN));
    if (!found) return;
    if (error) found.waiter.reject(fromRpcError(error));
    else {
      found.waiter.resolve(result);
      found.accept?.(result);
    }
  }

  loseAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.waiter.reject(lost());
  }

  #take(id: number): Waiting | undefined {
    const found = this.#waiting.get(id);
    this.#waiting.delete(id);
    found?.release();
    return found;
  }
}

export function lost(): AlephError {
  return new AlephError("cancelled", "Connection was lost before the answer came");
}

function cancelled(): AlephError {
  return new AlephError("cancelled", "The call was cancelled");
}

function tooLate(ms: number): AlephError {
  return new AlephError("timeout", `No answer within ${ms} ms`);
}
