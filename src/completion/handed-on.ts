/** Requests in a vendor's own format, handed on as bytes: the first provider that answers is the one that is heard. */
import { createDeadlines, type Deadlines } from "../lib/deadlines.ts";
import { pause } from "../lib/pause.ts";
import { AlephError } from "../protocol/errors.ts";
import { isUnwell, RETRIES, waitFor } from "../providers/chain/retry.ts";
import type { Models, ResolvedModel } from "../providers/models.ts";
import type { Forward, ProviderFailure } from "../sdk/provider.ts";
import { providerError, providerFailureOf } from "../sdk/provider-error.ts";
import type { CompletionCall } from "./call.ts";
import { type HandedBody, handedBody } from "./handed-body.ts";

/** The request is at fault, or its content: another provider is not asked for what the client can mend. */
const FINAL: ReadonlySet<ProviderFailure> = new Set(["bad_request", "refused"]);

export interface HandOnOptions {
  readonly models: Pick<Models, "breaker" | "forget">;
  readonly idleMs: (provider: string) => number;
  readonly onTrace: (kind: "retry" | "failover", detail: Record<string, unknown>) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly deadlines: Deadlines;
}

export const handOnDefaults = () => ({ sleep: pause, random: Math.random, deadlines: createDeadlines() });

export interface Wanted {
  readonly call: CompletionCall;
  readonly from: ResolvedModel;
  readonly forward: Forward;
  readonly change: Readonly<Record<string, unknown>>;
}

/** Throws `cancelled`, or how the last try failed; `isFinal` says whether nobody else need be asked. */
export function handOn(options: HandOnOptions, wanted: Wanted): Promise<HandedOn> {
  const { call, from, change } = wanted;
  return ask(options, wanted, handedBody(call.dialect, call.text, call.body, from.model, change), 0);
}

function ask(options: HandOnOptions, wanted: Wanted, body: HandedBody, retry: number): Promise<HandedOn> {
  const { call, forward } = wanted;
  const handed = new HandedOn(options, wanted, body);
  // Not `async`: on the way of each request that is handed on, such steps are most of what Aleph adds to it.
  return forward(body.text, handed.controller, call.vendorHeaders)
    .then((response) => handed.take(response))
    .catch((thrown: unknown) => askAgain(options, wanted, body, retry, handed.failed(thrown)));
}

async function askAgain(
  options: HandOnOptions,
  wanted: Wanted,
  body: HandedBody,
  retry: number,
  error: AlephError,
): Promise<HandedOn> {
  const { signal } = wanted.call;
  const { provider, model } = wanted.from;
  const failure = providerFailureOf(error);
  if (signal.aborted) throw error;
  if (failure === "auth") options.models.forget(provider);
  const wait = retry < RETRIES ? waitFor(error, failure, retry, options.random) : undefined;
  if (wait === undefined) throw error;
  options.onTrace("retry", { provider, model, failure, wait_ms: wait });
  await options.sleep(wait, signal);
  return ask(options, wanted, body, retry + 1);
}

/** One request to a vendor, and its answer once the first bytes have come. Ends with the client's. */
export class HandedOn {
  readonly from: ResolvedModel;
  readonly body: HandedBody;
  readonly controller = new AbortController();
  /** These two are there when `take` has resolved, before which nobody gets to see this. */
  headers!: Headers;
  /** All of the answer, when no stream was asked for. */
  first!: Uint8Array;
  readonly #options: HandOnOptions;
  readonly #call: CompletionCall;
  readonly #leave = () => this.controller.abort();
  #source: Source | undefined;

  constructor(options: HandOnOptions, { call, from }: Wanted, body: HandedBody) {
    this.#options = options;
    this.#call = call;
    this.from = from;
    this.body = body;
    if (call.signal.aborted) this.controller.abort();
    else call.signal.addEventListener("abort", this.#leave, { once: true });
  }

  /** Resolves when the first bytes are there. Throws `provider_error`. */
  take(response: Response): HandedOn | Promise<HandedOn> {
    const { provider } = this.from;
    const isStream = this.#call.body.stream === true;
    checkType(response, isStream, provider);
    this.headers = response.headers;
    const limitMs = this.#options.idleMs(provider);
    if (isStream) this.#source = streamed(response, this.#options.deadlines, limitMs, provider, this.controller);
    const reading =
      this.#source?.first() ?? readWhole(response, this.#options.deadlines, limitMs, provider, this.controller);
    return reading.then((first) => {
      if (first === undefined || first.byteLength === 0) throw emptyFailure(provider);
      this.first = first;
      return this;
    });
  }

  /** The bytes behind the first; undefined at the end. Throws `provider_error` when they stop coming. */
  next(): Promise<Uint8Array | undefined> {
    return this.#source?.next() ?? Promise.resolve(undefined);
  }

  /** Says to the breaker how it went; anything but `sent` ends the request. Must be called. */
  close(how: "sent" | "failed" | "hung_up"): void {
    this.#end(how === "sent" ? "succeeded" : how === "failed" ? "failed" : "ended");
  }

  /** As `close`, for one that did not get so far. */
  failed(thrown: unknown): AlephError {
    const isCancelled = this.#call.signal.aborted;
    const error = isCancelled ? cancelledBy(thrown) : AlephError.from(spokenIn(this.#call, thrown));
    this.#end(isUnwell(providerFailureOf(error)) ? "failed" : "ended");
    return error;
  }

  #end(how: "succeeded" | "failed" | "ended"): void {
    this.#options.models.breaker(this.from.provider)[how]();
    this.#call.signal.removeEventListener("abort", this.#leave);
    if (how !== "succeeded") this.controller.abort();
  }
}

/** Whether asking somebody else would not help. */
export function isFinal(error: AlephError): boolean {
  const failure = providerFailureOf(error);
  return error.reason === "cancelled" || error.reason === "internal" || (failure !== undefined && FINAL.has(failure));
}

interface Source {
  /** The first bytes; undefined when there are none. */
  first(): Promise<Uint8Array | undefined>;
  next(): Promise<Uint8Array | undefined>;
}

/** Looks from time to time whether something came: a deadline for each chunk would cost more than the chunk. */
function streamed(
  response: Response,
  deadlines: Deadlines,
  limitMs: number,
  provider: string,
  controller: AbortController,
): Source {
  const reader = response.body?.getReader();
  let waitingSince: number | undefined;
  let failure: AlephError | undefined;
  const look = (): void => {
    if (controller.signal.aborted) return;
    if (waitingSince !== undefined && performance.now() - waitingSince >= limitMs) {
      failure = silentFailure(provider, limitMs);
      controller.abort();
    } else nextLook = deadlines.add(lookAfterMs, look);
  };
  const lookAfterMs = Math.min(5_000, Math.ceil(limitMs / 4));
  let nextLook = deadlines.add(lookAfterMs, look);
  const next = async (): Promise<Uint8Array | undefined> => {
    if (reader === undefined) return undefined;
    waitingSince = performance.now();
    try {
      const { done, value } = await reader.read();
      if (done) nextLook[Symbol.dispose]();
      if (failure !== undefined) throw failure;
      return value;
    } catch (cause) {
      nextLook[Symbol.dispose]();
      throw failure ?? brokenFailure(provider, cause);
    } finally {
      waitingSince = undefined;
    }
  };
  return {
    async first() {
      let bytes = await next();
      while (bytes?.byteLength === 0) bytes = await next();
      return bytes;
    },
    next,
  };
}

function readWhole(
  response: Response,
  deadlines: Deadlines,
  limitMs: number,
  provider: string,
  controller: AbortController,
): Promise<Uint8Array> {
  let late = false;
  const deadline = deadlines.add(limitMs, () => {
    late = true;
    controller.abort();
  });
  return response.bytes().then(
    (bytes) => {
      deadline[Symbol.dispose]();
      return bytes;
    },
    (cause: unknown) => {
      deadline[Symbol.dispose]();
      throw late ? silentFailure(provider, limitMs) : brokenFailure(provider, cause);
    },
  );
}

/** What the vendor said may be told to the client in the vendor's own words: they speak the same format. */
function spokenIn({ dialect }: CompletionCall, thrown: unknown): unknown {
  if (!(thrown instanceof AlephError) || thrown.data.body === undefined) return thrown;
  return new AlephError(thrown.reason, thrown.message, { cause: thrown, data: { ...thrown.data, dialect } });
}

function checkType(response: Response, stream: boolean, provider: string): void {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes(stream ? "text/event-stream" : "json")) return;
  void response.body?.cancel().catch(() => "it had ended");
  throw providerError(
    `Provider "${provider}" answered with ${JSON.stringify(type.slice(0, 60))} where ${stream ? "a stream" : "JSON"} was asked for`,
    {
      provider,
      failure: "malformed",
    },
  );
}

function cancelledBy(cause: unknown): AlephError {
  return new AlephError("cancelled", "The request was cancelled", { cause });
}

function emptyFailure(provider: string): AlephError {
  return providerError(`Provider "${provider}" answered with an empty reply`, { provider, failure: "malformed" });
}

function silentFailure(provider: string, limitMs: number): AlephError {
  const message = `Provider "${provider}" sent nothing for ${limitMs / 1000} s`;
  return providerError(message, { provider, failure: "timeout" });
}

function brokenFailure(provider: string, cause: unknown): AlephError {
  const message = `The connection to provider "${provider}" broke in the middle of its reply`;
  return providerError(message, { provider, failure: "network" }, cause);
}
