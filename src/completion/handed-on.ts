/** Requests in a vendor's own format, handed on as bytes: the first provider that answers is the one that is heard. */
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
}

export const handOnDefaults = { sleep: pause, random: Math.random };

/** An answer whose first bytes have come. */
export interface HandedOn {
  readonly from: ResolvedModel;
  readonly headers: Headers;
  readonly body: HandedBody;
  readonly first: Uint8Array;
  /** The bytes behind the first; undefined at the end. Throws `provider_error` when they stop coming. */
  next(): Promise<Uint8Array | undefined>;
  /** Says to the breaker how it went; anything but `sent` ends the request. */
  close(how: "sent" | "failed" | "hung_up"): void;
}

/** Throws `cancelled`, or how the last try failed; `final` says that nobody else need be asked. */
export async function handOn(
  options: HandOnOptions,
  {
    call,
    from,
    forward,
    change,
  }: {
    readonly call: CompletionCall;
    readonly from: ResolvedModel;
    readonly forward: Forward;
    readonly change: Readonly<Record<string, unknown>>;
  },
): Promise<HandedOn> {
  const { models, onTrace, sleep, random } = options;
  const body = handedBody(call.dialect, call.text, call.body, from.model, change);
  const breaker = models.breaker(from.provider);
  for (let retry = 0; ; retry++) {
    try {
      return await open(options, call, from, forward, body);
    } catch (thrown) {
      const error = AlephError.from(thrown);
      const failure = providerFailureOf(error);
      breaker[isUnwell(failure) ? "failed" : "ended"]();
      if (failure === "auth") models.forget(from.provider);
      if (call.signal.aborted) throw error;
      const wait = retry < RETRIES ? waitFor(error, failure, retry, random) : undefined;
      if (wait === undefined) throw error;
      onTrace("retry", { provider: from.provider, model: from.model, failure, wait_ms: wait });
      await sleep(wait, call.signal);
    }
  }
}

/** Whether asking somebody else would not help. */
export function isFinal(error: AlephError): boolean {
  const failure = providerFailureOf(error);
  return error.reason === "cancelled" || error.reason === "internal" || (failure !== undefined && FINAL.has(failure));
}

async function open(
  { models, idleMs }: HandOnOptions,
  call: CompletionCall,
  from: ResolvedModel,
  forward: Forward,
  body: HandedBody,
): Promise<HandedOn> {
  const { provider } = from;
  const { signal } = call;
  const isStream = call.body.stream === true;
  let source: Source | undefined;
  try {
    if (signal.aborted) throw new AlephError("cancelled", "The request was cancelled");
    const response = await forward(body.text, signal, call.vendorHeaders);
    checkType(response, isStream, provider);
    source = isStream ? streamed(response, idleMs(provider), provider) : whole(response, idleMs(provider), provider);
    let first = await source.next();
    while (first?.byteLength === 0) first = await source.next();
    if (first === undefined) {
      throw providerError(`Provider "${provider}" answered with an empty reply`, { provider, failure: "malformed" });
    }
    const { next, cancel } = source;
    return {
      from,
      headers: response.headers,
      body,
      first,
      next,
      close(how) {
        models.breaker(provider)[how === "sent" ? "succeeded" : how === "failed" ? "failed" : "ended"]();
        if (how !== "sent") cancel();
      },
    };
  } catch (thrown) {
    source?.cancel();
    if (signal.aborted) throw new AlephError("cancelled", "The request was cancelled", { cause: thrown });
    throw spokenIn(call, thrown);
  }
}

interface Source {
  next(): Promise<Uint8Array | undefined>;
  /** Ends the vendor's answer where it is. */
  cancel(): void;
}

/** One timer looks from time to time whether something came: one for each chunk would cost more than the chunk. */
function streamed(response: Response, limitMs: number, provider: string): Source {
  const reader = response.body?.getReader();
  let waitingSince: number | undefined;
  let failure: AlephError | undefined;
  const stop = (): void => {
    clearInterval(timer);
    void reader?.cancel().catch(() => "it had ended");
  };
  const look = (): void => {
    if (waitingSince === undefined || performance.now() - waitingSince < limitMs) return;
    failure = silentFailure(provider, limitMs);
    stop();
  };
  const timer = setInterval(look, Math.min(5_000, Math.ceil(limitMs / 4)));
  return {
    async next() {
      if (reader === undefined) return undefined;
      waitingSince = performance.now();
      try {
        const { done, value } = await reader.read();
        if (done) clearInterval(timer);
        if (failure !== undefined) throw failure;
        return value;
      } catch (cause) {
        clearInterval(timer);
        throw failure ?? brokenFailure(provider, cause);
      } finally {
        waitingSince = undefined;
      }
    },
    cancel: stop,
  };
}

function whole(response: Response, limitMs: number, provider: string): Source {
  let read = false;
  const cancel = () => void response.body?.cancel().catch(() => "it had ended");
  return {
    async next() {
      if (read) return undefined;
      read = true;
      return inTime(response.bytes(), limitMs, provider, cancel);
    },
    cancel,
  };
}

/** What the vendor said may be told to the client in the vendor's own words: they speak the same format. */
function spokenIn({ dialect }: CompletionCall, thrown: unknown): unknown {
  if (!(thrown instanceof AlephError) || thrown.data.body === undefined) return thrown;
  return new AlephError(thrown.reason, thrown.message, { cause: thrown, data: { ...thrown.data, dialect } });
}

function checkType(response: Response, stream: boolean, provider: string): void {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes(stream ? "text/event-stream" : "json")) return;
  void response.body?.cancel().catch(() => undefined);
  throw providerError(
    `Provider "${provider}" answered with ${JSON.stringify(type.slice(0, 60))} where ${stream ? "a stream" : "JSON"} was asked for`,
    {
      provider,
      failure: "malformed",
    },
  );
}

async function inTime<T>(reading: Promise<T>, limitMs: number, provider: string, cancel: () => void): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stopped.reject(silentFailure(provider, limitMs));
    cancel();
  }, limitMs);
  try {
    return await Promise.race([reading, stopped.promise]);
  } catch (cause) {
    throw cause instanceof AlephError ? cause : brokenFailure(provider, cause);
  } finally {
    clearTimeout(timer);
  }
}

function silentFailure(provider: string, limitMs: number): AlephError {
  const message = `Provider "${provider}" sent nothing for ${limitMs / 1000} s`;
  return providerError(message, { provider, failure: "timeout" });
}

function brokenFailure(provider: string, cause: unknown): AlephError {
  const message = `The connection to provider "${provider}" broke in the middle of its reply`;
  return providerError(message, { provider, failure: "network" }, cause);
}
