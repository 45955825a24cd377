/** Watches one call to a vendor: deadlines, size, hang-up at once on abort, and one kind of error whatever the SDK. */
import { LONGEST_TIMER_MS } from "../../lib/longest-timer.ts";
import { AlephError } from "../../protocol/errors.ts";
import { MAX_ERROR_BYTES, readBeginning } from "./beginning.ts";
import {
  type FailureSource,
  halfStream,
  httpFailure,
  malformedFailure,
  networkFailure,
  streamFailure,
  timeoutFailure,
} from "./failure.ts";

export interface Endpoint extends FailureSource {
  readonly fetch: typeof fetch;
  /** To the first byte of the body. */
  readonly timeoutMs: number;
  /** The same for an answer that is sent when all of it is there. */
  readonly wholeMs: number;
  /** Between two bytes; bytes that bring no part of the reply (pings) count for five times as long. */
  readonly idleTimeoutMs: number;
}

/** What the SDK gets for one call. */
export interface GuardedCall {
  /** Ends the call when the caller's signal aborts or a deadline passes. */
  readonly signal: AbortSignal;
  /** Sends; an answer that is not 2xx never reaches the SDK. Redirects are not followed: they would carry keys along. */
  readonly fetch: typeof fetch;
  /** Something came that belongs to the reply. */
  progress(): void;
}

/** For the SDKs' own timers, which the guard makes superfluous. */
export const SDK_TIMEOUT_MS = 24 * 60 * 60 * 1000;

const PINGS = 5;
const MAX_BYTES = 256 * 1024 * 1024;
/** Bytes without anything that the SDK could use. */
const MAX_FRUITLESS_BYTES = 16 * 1024 * 1024;
const DRAIN_MS = 500;

/**
 * The parts that `open` makes of a vendor's stream. `complete` says whether a part is the reply's last: what comes
 * behind it does not count, and a stream that ends without it is half a stream. Throws `cancelled` or `provider_error`. Leaving the loop closes the request.
 */
export async function* guardStream<T>(
  endpoint: Endpoint,
  signal: AbortSignal,
  open: (call: GuardedCall) => AsyncIterable<T> | Promise<AsyncIterable<T>>,
  complete: (part: T) => boolean,
): AsyncGenerator<T, void, undefined> {
  const watch = createWatch(endpoint, signal);
  let iterator: AsyncIterator<T> | undefined;
  let finished = false;
  try {
    iterator = (await watch.wait(async () => open(watch.call)))[Symbol.asyncIterator]();
    for (;;) {
      const next = iterator;
      if (finished) {
        await settled(next.next());
        break;
      }
      const result = await watch.wait(() => next.next());
      if (result.done === true) break;
      finished = complete(result.value);
      yield result.value;
    }
    if (!finished) throw watch.unfinished();
  } catch (thrown) {
    throw watch.explain(thrown);
  } finally {
    watch.close(finished);
    // Not awaited: an SDK that waits for a body that will not come must not hold us.
    iterator?.return?.()?.then(undefined, () => undefined);
  }
}

/** One answer; throws as `guardStream`. */
export async function guardCall<T>(
  endpoint: Endpoint,
  signal: AbortSignal,
  run: (call: GuardedCall) => Promise<T>,
): Promise<T> {
  const watch = createWatch(endpoint, signal);
  let finished = false;
  try {
    const result = await watch.wait(() => run(watch.call));
    finished = true;
    return result;
  } catch (thrown) {
    throw watch.explain(thrown);
  } finally {
    watch.close(finished);
  }
}

interface Watch {
  readonly call: GuardedCall;
  /** Waits under the deadlines; time between two waits is the consumer's and does not count. */
  wait<R>(work: () => Promise<R>): Promise<R>;
  explain(thrown: unknown): AlephError;
  unfinished(): AlephError;
  /** Ends the request; of a reply that is whole the rest of the body is read first. */
  close(finished: boolean): void;
}

function createWatch(endpoint: Endpoint, signal: AbortSignal): Watch {
  const controller = new AbortController();
  /** Ends the wait that is under way. One promise for all of them would keep what each gave until the last. */
  let refuse: ((why: AlephError) => void) | undefined;
  const started = performance.now();
  let failure: AlephError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let bytes = 0;
  let fruitless = 0;
  /** Whether the body ended, and did so inside of a line. */
  let truncated = false;
  let progressed = false;
  /** When the last byte came, once one did; and the last one that was of use. */
  let byteAt: number | undefined;
  let partAt = 0;
  const bodies: ReadableStreamDefaultReader<Uint8Array>[] = [];

  const stop = (why: AlephError) => {
    failure ??= why;
    controller.abort(failure);
    refuse?.(failure);
  };
  const onAbort = () => stop(cancelled());
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  const deadline = (): number =>
    byteAt === undefined
      ? started + endpoint.timeoutMs
      : Math.min(byteAt + endpoint.idleTimeoutMs, partAt + PINGS * endpoint.idleTimeoutMs);

  const arm = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (performance.now() + 1 < deadline()) arm();
        else if (byteAt === undefined) stop(timeoutFailure(endpoint, endpoint.timeoutMs, "answer"));
        else stop(timeoutFailure(endpoint, endpoint.idleTimeoutMs, "part"));
      },
      Math.min(Math.max(0, deadline() - performance.now()), LONGEST_TIMER_MS),
    );
  };

  const received = (size: number) => {
    const now = performance.now();
    if (byteAt === undefined) partAt = now;
    byteAt = now;
    bytes += size;
    fruitless += size;
    if (bytes > MAX_BYTES || fruitless > MAX_FRUITLESS_BYTES) {
      stop(malformedFailure(endpoint, "more than a reply can hold"));
      throw failure;
    }
  };

  const guardedFetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const own = controller.signal;
    const response = await endpoint.fetch(input, {
      ...init,
      signal: init?.signal ? AbortSignal.any([own, init.signal]) : own,
      redirect: "manual",
      // Bun's own limit of five minutes would cut below ours.
      timeout: false,
    } as RequestInit);
    if (!response.ok) {
      const text = await readBeginning(response.body);
      failure ??= httpFailure(endpoint, response.status, response.headers, text);
      throw failure;
    }
    if (response.body === null) return response;
    const { status, headers } = response;
    const reader = response.body.getReader();
    bodies.push(reader);
    const body = counted(reader, received, (lastByte) => {
      truncated = lastByte !== 0x0a;
    });
    return new Response(body, { status, headers });
  };

  const explain = (thrown: unknown): AlephError => {
    if (signal.aborted) return cancelled();
    if (failure !== undefined) return failure;
    if (thrown instanceof AlephError) return thrown;
    if (thrown instanceof SyntaxError) {
      return truncated && progressed
        ? halfStream(endpoint)
        : malformedFailure(endpoint, "what is not its format", thrown);
    }
    const vendor = vendorError(thrown);
    return vendor === undefined ? networkFailure(endpoint, thrown) : streamFailure(endpoint, vendor, thrown);
  };

  return {
    call: {
      signal: controller.signal,
      fetch: Object.assign(guardedFetch, { preconnect: endpoint.fetch.preconnect }),
      progress() {
        progressed = true;
        fruitless = 0;
        partAt = performance.now();
        // Not all that answers does so over HTTP.
        byteAt ??= partAt;
      },
    },
    async wait<R>(work: () => Promise<R>): Promise<R> {
      if (failure !== undefined) throw failure;
      if (byteAt !== undefined) byteAt = partAt = performance.now();
      arm();
      try {
        return await new Promise<R>((resolve, reject) => {
          refuse = reject;
          work().then(resolve, reject);
        });
      } finally {
        refuse = undefined;
        clearTimeout(timer);
      }
    },
    explain,
    unfinished() {
      if (!progressed) return malformedFailure(endpoint, bytes === 0 ? "an empty reply" : "what is not its format");
      return halfStream(endpoint);
    },
    close(finished) {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (finished) void Promise.all(bodies.map(drain)).finally(() => controller.abort());
      else controller.abort();
    },
  };
}

export function cancelled(): AlephError {
  return new AlephError("cancelled", "The reply was cancelled");
}

/** The error object that both SDKs keep of an error event, which has no HTTP status. */
function vendorError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !("error" in thrown)) return undefined;
  const { error, status } = thrown as Error & { error: unknown; status?: unknown };
  return status === undefined && error !== undefined && error !== null ? error : undefined;
}

/** Cancelling it does nothing yet: whether the rest is read or the request ended is decided when the call closes. */
function counted(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  received: (size: number) => void,
  onEnd: (lastByte: number | undefined) => void,
): ReadableStream<Uint8Array> {
  let lastByte: number | undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd(lastByte);
          controller.close();
          return;
        }
        received(value.byteLength);
        lastByte = value.at(-1) ?? lastByte;
        controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
  });
}

/** What becomes of a stream behind its last part is of no interest, but to end it in the middle costs the connection. */
async function settled(work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, DRAIN_MS);
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    late.promise,
  ]);
  clearTimeout(timer);
}

/**
 * Reads the little that comes behind the end of a reply, so that the connection can be used again: a new one costs a
 * TLS handshake before every turn.
 */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<{ done: true }>((resolve) => {
    timer = setTimeout(() => resolve({ done: true }), DRAIN_MS);
    timer.unref();
  });
  try {
    for (let size = 0; size < MAX_ERROR_BYTES; ) {
      const result = await Promise.race([reader.read(), late]);
      if (result.done) return;
      size += result.value.byteLength;
    }
  } catch {
    // The reply was whole already; its connection will just not be used again.
  } finally {
    clearTimeout(timer);
  }
}
