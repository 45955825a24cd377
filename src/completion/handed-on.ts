/** Requests in a vendor's own format, handed on as bytes: the first provider that answers is the one that is heard. */
import { pause } from "../lib/pause.ts";
import { type Watched, WatchRound } from "../lib/watch-round.ts";
import { AlephError } from "../protocol/errors.ts";
import { isUnwell, RETRIES, waitFor } from "../providers/chain/retry.ts";
import type { Models, ResolvedModel } from "../providers/models.ts";
import { refusesStreamOptions } from "../providers/wire/request-fields.ts";
import type { Forward, ProviderFailure } from "../sdk/provider.ts";
import { providerError, providerFailureOf } from "../sdk/provider-error.ts";
import type { CompletionCall } from "./call.ts";
import { type HandedBody, handedBody } from "./handed-body.ts";

/** The request is at fault, or its content: another provider is not asked for what the client can mend. */
const FINAL: ReadonlySet<ProviderFailure> = new Set(["bad_request", "refused"]);

/** Bytes of an answer that comes at one go behind its head, where the head tells so. */
const AT_ONE_GO = 1024 * 1024;

/** How soon a client's hang-up and a vendor's silence are noticed. */
const LOOK_EVERY_MS = 100;

export interface HandOnOptions {
  readonly models: Pick<Models, "breaker" | "forget">;
  readonly idleMs: (provider: string) => number;
  readonly onTrace: (kind: "retry" | "failover", detail: Record<string, unknown>) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly round: WatchRound;
  /** Providers that refuse to be asked for usage on our behalf. */
  readonly unasked: Set<string>;
}

export const handOnDefaults = () => ({
  sleep: pause,
  random: Math.random,
  round: new WatchRound(LOOK_EVERY_MS),
  unasked: new Set<string>(),
});

export interface Wanted {
  readonly call: CompletionCall;
  readonly from: ResolvedModel;
  readonly forward: Forward;
  readonly change: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Throws `cancelled`, or how the last try failed; `isFinal` says whether nobody else need be asked. One function with few
 * steps: on the way of each request that is handed on, promises are most of what Aleph adds to it.
 */
export async function handOn(options: HandOnOptions, { call, from, forward, change }: Wanted): Promise<HandedOn> {
  const isWhole = call.body.stream !== true;
  const bodyFor = (mayAsk: boolean) => handedBody(call.dialect, call.text, call.body, from.model, change, mayAsk);
  let body = bodyFor(!options.unasked.has(from.provider));
  for (let retry = 0; ; retry++) {
    const handed = new HandedOn(options, call, from, body);
    try {
      handed.begin(await forward(body.text, handed.controller, call.vendorHeaders, isWhole));
      handed.first = await handed.readFirst();
      return handed;
    } catch (thrown) {
      const error = handed.failed(thrown);
      const failure = providerFailureOf(error);
      if (call.signal.aborted) throw error;
      if (body.hideUsage && refusesStreamOptions(error)) {
        options.unasked.add(from.provider);
        body = bodyFor(false);
        continue;
      }
      if (failure === "auth") options.models.forget(from.provider);
      // What took too long may be all but made, and has to be paid: there it is not begun anew.
      const mayAgain = retry < RETRIES && !(isWhole && failure === "timeout");
      const wait = mayAgain ? waitFor(error, failure, retry, options.random) : undefined;
      if (wait === undefined) throw error;
      options.onTrace("retry", { provider: from.provider, model: from.model, failure, wait_ms: wait });
      await options.sleep(wait, call.signal);
    }
  }
}

/** One request to a vendor, and its answer once the first bytes have come. Ends with the client's. */
export class HandedOn implements Watched {
  readonly from: ResolvedModel;
  readonly body: HandedBody;
  readonly controller = new AbortController();
  /** These two are there when `handOn` has resolved, before which nobody else gets to see this. */
  headers!: Headers;
  /** All of the answer, when no stream was asked for. */
  first!: Uint8Array;
  readonly #options: HandOnOptions;
  readonly #call: CompletionCall;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** In place of the reader, which costs a short answer more than all else here. */
  #short: Response | undefined;
  #place: number | undefined;
  #limitMs = 0;
  #waitingSince: number | undefined;
  #wasSilent = false;

  constructor(options: HandOnOptions, call: CompletionCall, from: ResolvedModel, body: HandedBody) {
    this.#options = options;
    this.#call = call;
    this.from = from;
    this.body = body;
    if (call.signal.aborted) this.controller.abort();
    // Not an event listener: that would cost each request what only one that is broken off needs.
    else this.#place = options.round.add(this);
  }

  look(now: number): void {
    if (this.#call.signal.aborted) this.controller.abort();
    else if (this.#waitingSince !== undefined && now - this.#waitingSince >= this.#limitMs) {
      this.#wasSilent = true;
      this.controller.abort();
    }
  }

  begin(response: Response): void {
    checkType(response, this.#isStream, this.from.provider);
    this.headers = response.headers;
    this.#limitMs = this.#options.idleMs(this.from.provider);
    if (!this.#isStream && isShort(response)) this.#short = response;
    else this.#reader = response.body?.getReader();
  }

  /** Throws `provider_error` when they do not come. */
  readFirst(): Promise<Uint8Array> {
    return this.#isStream ? this.#readPiece() : this.#readWhole();
  }

  /** What comes behind the first bytes: for `came`, or, when it rejects, for `broken`. */
  read(): Promise<Bun.ReadableStreamDefaultReadResult<Uint8Array>> {
    if (this.#reader === undefined) return Promise.resolve({ done: true, value: undefined });
    this.#waitingSince = this.#options.round.now;
    return this.#reader.read();
  }

  /** The bytes; undefined at the end. Throws `provider_error` when nothing had come for too long. */
  came({ value }: Bun.ReadableStreamDefaultReadResult<Uint8Array>): Uint8Array | undefined {
    this.#waitingSince = undefined;
    if (this.#wasSilent) throw this.broken(undefined);
    return value;
  }

  /** Why no more came. */
  broken(cause: unknown): AlephError {
    this.#waitingSince = undefined;
    const { provider } = this.from;
    return this.#wasSilent ? silentFailure(provider, this.#limitMs) : brokenFailure(provider, cause);
  }

  async #readPiece(): Promise<Uint8Array> {
    for (;;) {
      const result = await this.read().catch((cause: unknown) => {
        throw this.broken(cause);
      });
      const bytes = this.came(result);
      if (bytes === undefined) throw emptyFailure(this.from.provider);
      if (bytes.byteLength > 0) return bytes;
    }
  }

  #readWhole(): Promise<Uint8Array> {
    if (this.#short === undefined) return this.#readPieces();
    this.#waitingSince = this.#options.round.now;
    return this.#short.bytes().then(
      (value) => {
        const bytes = this.came({ value, done: false });
        if (bytes === undefined || bytes.byteLength === 0) throw emptyFailure(this.from.provider);
        return bytes;
      },
      (cause: unknown) => {
        throw this.broken(cause);
      },
    );
  }

  /** Some send white space until the answer has been made. */
  async #readPieces(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const result = await this.read().catch((cause: unknown) => {
        throw this.broken(cause);
      });
      const bytes = this.came(result);
      if (bytes === undefined) break;
      if (bytes.byteLength > 0) pieces.push(bytes);
    }
    const [first, ...rest] = pieces;
    if (first === undefined) throw emptyFailure(this.from.provider);
    return rest.length === 0 ? first : Buffer.concat(pieces);
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

  get #isStream(): boolean {
    return this.#call.body.stream === true;
  }

  #end(how: "succeeded" | "failed" | "ended"): void {
    this.#options.models.breaker(this.from.provider)[how]();
    if (this.#place !== undefined) this.#options.round.delete(this.#place);
    this.#place = undefined;
    if (how !== "succeeded") this.controller.abort();
  }
}

/** Whether asking somebody else would not help. */
export function isFinal(error: AlephError): boolean {
  const failure = providerFailureOf(error);
  return error.reason === "cancelled" || error.reason === "internal" || (failure !== undefined && FINAL.has(failure));
}

/** What the vendor said may be told to the client in the vendor's own words: they speak the same format. */
function spokenIn({ dialect }: CompletionCall, thrown: unknown): unknown {
  if (!(thrown instanceof AlephError) || thrown.data.body === undefined) return thrown;
  return new AlephError(thrown.reason, thrown.message, { cause: thrown, data: { ...thrown.data, dialect } });
}

/** Who sends white space meanwhile does not know yet how long it will be. */
function isShort({ headers }: Response): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= AT_ONE_GO;
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
