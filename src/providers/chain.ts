/** One reply from the first provider that can give it: retries, failover, and going on where a broken reply stopped. */
import { pause } from "../lib/pause.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import type {
  MediaKind,
  ModelInfo,
  ModelMessage,
  ModelPrice,
  ModelRequest,
  ProviderFailure,
  StreamPart,
} from "../sdk/provider.ts";
import { providerFailureOf } from "../sdk/provider-error.ts";
import { createOverlap, type Overlap } from "./chain/overlap.ts";
import { isUnwell, RETRIES, waitFor } from "./chain/retry.ts";
import type { Breaker } from "./models/breaker.ts";
import { costOf } from "./models/cost.ts";
import type { KeyFailure } from "./models/key-ring.ts";
import type { Models, ResolvedModel } from "./models.ts";

/**
 * One part of a reply as the agent gets it.
 *
 * - `model` says who answers from here on; it comes before each attempt that delivers something. Thinking before it
 *   belongs to a reply that broke and must be dropped; text before it stays and goes on.
 * - `tool_call` parts come only once the reply has finished, and with them whatever came behind the first one: none is
 *   ever taken back.
 * - `usage` may come more than once; the sum is what the reply cost. `cost_usd` is null when the price is not known.
 * - `finish` comes once, last.
 */
export type ChainPart =
  | Exclude<StreamPart, { type: "usage" }>
  | { readonly type: "model"; readonly provider: string; readonly model: string }
  | { readonly type: "usage"; readonly usage: Usage };

export interface ChainOptions {
  readonly models: Pick<Models, "resolve" | "open" | "known" | "breaker" | "forget">;
  /** `provider/model`, bare id or alias; the wanted one first, then those to fall back on. */
  readonly refs: readonly string[];
  readonly request: Omit<ModelRequest, "model">;
  readonly signal: AbortSignal;
  /** Makes of the messages what a model takes, in kind and in length; asked for each that is tried. */
  readonly fit?: (
    messages: readonly ModelMessage[],
    takes: readonly MediaKind[],
    model: FittedModel,
  ) => Promise<readonly ModelMessage[]>;
  /** A shorter conversation, after a model said that this one is too long for it; nothing when it cannot be shorter. */
  readonly shorten?: (model: FittedModel) => Promise<readonly ModelMessage[] | undefined>;
  readonly onTrace?: (kind: "model" | "retry" | "failover", detail: Record<string, unknown>) => void;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

export interface FittedModel {
  /** `provider/model` */
  readonly ref: string;
  readonly info: ModelInfo;
}

/** `key` is the place of one of several keys; its value is in no message. */
interface FailedAttempt {
  readonly provider: string;
  readonly model: string;
  readonly key?: number;
  readonly failure: string;
  readonly status?: number;
}

const QUOTA_REST_MS = 60_000;

/** Which failure tells a person most, best first. */
const TELLING: readonly string[] = [
  "auth",
  "quota",
  "context_too_long",
  "bad_request",
  "config",
  "rate_limit",
  "overloaded",
];

const CONTINUE =
  "[The connection broke while you were answering. Your answer so far is the message above, and the reader has already " +
  "seen all of it. Continue exactly where it stops, in the middle of a word if need be. Do not repeat any of it, and do " +
  "not mention the interruption.]";

/**
 * Throws `cancelled` when the signal aborted, a `refused` failure at once, and when nobody could answer the most
 * telling failure with `data.attempts` `[{provider, model, key?, failure, status?}]`.
 */
export async function* streamWithFailover(options: ChainOptions): AsyncGenerator<ChainPart, void, undefined> {
  const { models, signal, onTrace = () => undefined, sleep = pause, random = Math.random } = options;
  const attempts: FailedAttempt[] = [];
  const failures: AlephError[] = [];
  let sent = "";
  let again = false;
  let retry = 0;
  let { messages } = options.request;
  const shortened = new Set<string>();

  const candidates = resolveInTurn(options, failures);
  const advance = async () => (await candidates.next()).value;
  let candidate = await advance();
  while (candidate !== undefined) {
    throwIfAborted(signal);
    const { provider, model } = candidate;
    const breaker = models.breaker(provider);
    if (retry === 0 && !again && !breaker.allow()) {
      const next = await advance();
      // With nobody left to ask, a provider that is paused is still better than none.
      if (next !== undefined) {
        attempts.push({ provider, model, failure: "paused" });
        onTrace("failover", { provider, model, failure: "paused", ...nextOf(next) });
        candidate = next;
        continue;
      }
    }
    onTrace("model", { provider, model, ...(sent === "" ? {} : { continued: true }) });
    let progress = false;
    let error: AlephError;
    let health: "succeeded" | "failed" | "ended" = "ended";
    try {
      for await (const part of attempt(options, candidate, { messages, sent })) {
        if (part.type === "text") {
          sent += part.text;
          progress = true;
        }
        yield part;
      }
      health = "succeeded";
      return;
    } catch (thrown) {
      error = AlephError.from(thrown);
      const kind = providerFailureOf(error);
      if (isUnwell(kind)) health = "failed";
    } finally {
      breaker[health]();
    }

    const failure = providerFailureOf(error);
    if (error.reason === "cancelled" || signal.aborted) throw error;
    if (failure === "refused") throw withAttempts(error, [...attempts, ...attemptsOf(candidate, error)]);
    // A bug of ours is no reason to ask somebody else.
    if (error.reason === "internal") throw error;
    if (failure === "auth") models.forget(provider);
    attempts.push(...attemptsOf(candidate, error));
    failures.push(error);
    const told = { provider, model, failure: failure ?? error.reason, ...statusOf(error) };

    if (failure === "context_too_long" && sent === "" && !shortened.has(candidate.ref)) {
      shortened.add(candidate.ref);
      const shorter = await options.shorten?.({ ref: candidate.ref, info: models.known(provider, model) });
      if (shorter !== undefined) {
        messages = shorter;
        onTrace("retry", { ...told, wait_ms: 0, shortened: true });
        continue;
      }
    }
    const wait = progress || retry >= RETRIES ? undefined : waitFor(error, failure, retry, random);
    if (wait !== undefined) {
      retry++;
      onTrace("retry", { ...told, wait_ms: wait });
      await sleep(wait, signal);
      continue;
    }
    rest(breaker, error, failure);
    const next = await advance();
    if (next === undefined && sent !== "" && !again && failure !== undefined) {
      again = true;
      retry = RETRIES;
      onTrace("retry", { ...told, wait_ms: 0 });
      continue;
    }
    retry = 0;
    if (next !== undefined) onTrace("failover", { ...told, ...nextOf(next), sent_chars: sent.length });
    candidate = next;
  }
  throw mostTelling(failures, attempts);
}

/** Who limits us, or has no money left, is left alone as long as that lasts. */
function rest(breaker: Breaker, error: AlephError, failure: ProviderFailure | undefined): void {
  const told = error.data.retry_after_ms;
  if (failure === "rate_limit" && typeof told === "number") breaker.rest(told);
  if (failure === "quota") breaker.rest(typeof told === "number" ? told : QUOTA_REST_MS);
}

function nextOf(next: ResolvedModel | undefined): Record<string, unknown> {
  return next === undefined ? {} : { to_provider: next.provider, to_model: next.model };
}

/**
 * The refs as provider and model, each once, when they are needed: to resolve one may take a request. What cannot be
 * resolved is a failure like any other.
 */
async function* resolveInTurn(
  { models, refs, signal }: ChainOptions,
  failures: AlephError[],
): AsyncGenerator<ResolvedModel, undefined, undefined> {
  const seen = new Set<string>();
  for (const ref of refs) {
    throwIfAborted(signal);
    try {
      const resolved = await models.resolve(ref, signal);
      if (seen.has(resolved.ref)) continue;
      seen.add(resolved.ref);
      yield resolved;
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (error.reason === "cancelled" || error.reason === "internal") throw error;
      failures.push(error);
    }
  }
  return undefined;
}

/** One request to one provider. Ends without throwing only after `finish`. */
async function* attempt(
  { models, request, signal, fit, onTrace = () => undefined }: ChainOptions,
  { provider, model, ref }: ResolvedModel,
  { messages: all, sent }: { readonly messages: readonly ModelMessage[]; readonly sent: string },
): AsyncGenerator<ChainPart, void, undefined> {
  const open = await models.open(provider, ({ key, nextKey, outcome, status }) => {
    if (nextKey === undefined) return;
    const told = { provider, model, key, failure: outcome, ...(status === undefined ? {} : { status }) };
    onTrace("retry", { ...told, to_key: nextKey, wait_ms: 0 });
  });
  const info = models.known(provider, model);
  const fitted = fit ? await fit(all, open.takes?.(model) ?? [], { ref, info }) : all;
  const messages = sent === "" ? fitted : continuation(fitted, sent);
  const overlap: Overlap | undefined = sent === "" ? undefined : createOverlap(sent);
  const held: ChainPart[] = [];
  let announced = false;
  const announce = function* (): Generator<ChainPart> {
    if (!announced) yield { type: "model", provider, model };
    announced = true;
  };
  for await (const part of open.stream({ ...request, messages, model }, signal)) {
    if (part.type === "usage") {
      yield { type: "usage", usage: priced(part.usage, models.known(provider, model).price) };
      continue;
    }
    if (part.type === "finish") {
      const rest = overlap?.end() ?? "";
      yield* announce();
      if (rest !== "") yield { type: "text", text: rest };
      yield* held;
      yield part;
      return;
    }
    if (part.type === "tool_call" || held.length > 0) {
      held.push(part);
      continue;
    }
    const shown = part.type === "text" && overlap !== undefined ? { ...part, text: overlap.push(part.text) } : part;
    if (shown.type === "text" && shown.text === "") continue;
    yield* announce();
    yield shown;
  }
}

function continuation(messages: readonly ModelMessage[], sent: string): readonly ModelMessage[] {
  return [
    ...messages,
    { role: "assistant", content: [{ type: "text", text: sent }] },
    { role: "user", content: [{ type: "text", text: CONTINUE }] },
  ];
}

export function priced(usage: Omit<Usage, "cost_usd">, price: ModelPrice | undefined): Usage {
  return { ...usage, cost_usd: costOf(usage, price) };
}

/** One for each key that was tried. */
function attemptsOf({ provider, model }: ResolvedModel, error: AlephError): FailedAttempt[] {
  const keys = error.data.keys as readonly KeyFailure[] | undefined;
  if (keys !== undefined) return keys.map((key) => ({ provider, model, ...key }));
  return [{ provider, model, failure: providerFailureOf(error) ?? error.reason, ...statusOf(error) }];
}

function statusOf({ data }: AlephError): { status?: number } {
  return typeof data.status === "number" ? { status: data.status } : {};
}

function mostTelling(failures: readonly AlephError[], attempts: readonly FailedAttempt[]): AlephError {
  const rank = (error: AlephError) => {
    const at = TELLING.indexOf(providerFailureOf(error) ?? "config");
    return at < 0 ? TELLING.length : at;
  };
  const [best] = failures.toSorted((a, b) => rank(a) - rank(b));
  if (best === undefined) {
    return new AlephError("no_provider", "No provider can answer now", { data: { attempts: [...attempts] } });
  }
  return withAttempts(best, attempts);
}

function withAttempts(error: AlephError, attempts: readonly FailedAttempt[]): AlephError {
  const { keys: _inAttempts, ...data } = error.data;
  return new AlephError(error.reason, error.message, { cause: error, data: { ...data, attempts: [...attempts] } });
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AlephError("cancelled", "The reply was cancelled");
}
