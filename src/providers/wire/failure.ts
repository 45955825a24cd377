/** From what a vendor answered, or what broke, to one of the ways in which a provider call can fail. */
import { MASK, maskText } from "../../lib/mask.ts";
import type { AlephError } from "../../protocol/errors.ts";
import type { ProviderFailure } from "../../sdk/provider.ts";
import { providerError } from "../../sdk/provider-error.ts";

/** Whose failure it is, and what must not be in a message about it. */
export interface FailureSource {
  readonly provider: string;
  readonly secrets: readonly string[];
}

/** Words by which vendors tell apart what shares a status. The first that fits counts. */
const WORDS: readonly (readonly [ProviderFailure, RegExp])[] = [
  [
    "context_too_long",
    /context[_ ](length|window|size)|maximum context|prompt is too long|too many (input )?tokens|input token count|exceeds? the (available context|maximum number of tokens)|request_too_large/i,
  ],
  [
    "quota",
    /insufficient_quota|billing|credit balance|insufficient (balance|credits?|funds)|payment required|spending limit/i,
  ],
  ["refused", /content[_ ](policy|filter)|content management policy|prohibited_content|usage polic(y|ies)/i],
  ["auth", /api[_ ]key[_ ](not valid|invalid)|invalid[_ ]api[_ ]key|authentication_error|permission_error/i],
];

/** Of a limit that waiting does not help against, whatever wait it names: one of a day, and one of nothing. */
const LASTING = /PerDay|\blimit: 0\b/;

const STREAM_WORDS: readonly (readonly [ProviderFailure, RegExp])[] = [
  ...WORDS,
  ["rate_limit", /rate[_ ]limit|too many requests|resource_exhausted/i],
  ["bad_request", /invalid_request|invalid_argument|not_found_error/i],
];

/**
 * An answer with a status of 300 or above; `body` is the beginning of its text. `keepBody` puts it into the error, where
 * it is JSON.
 */
export function httpFailure(
  source: FailureSource,
  status: number,
  headers: Headers,
  body: string,
  keepBody = false,
): AlephError {
  const { message, words, retryAfterMs } = readError(body);
  // Gemini speaks of billing at each limit; only of one that soon is over it says when.
  const isShort = status === 429 && retryAfterMs !== undefined && !LASTING.test(body);
  const kind = httpKind(status, words);
  const failure = kind === "quota" && isShort ? "rate_limit" : kind;
  const wait = retryAfter(headers) ?? retryAfterMs;
  // A vendor that refuses a key likes to show parts of it.
  const told = status === 401 ? "" : safeText(source, message);
  const text =
    status === 401
      ? `Provider "${source.provider}" refused the API key (status 401)`
      : `Provider "${source.provider}" answered with status ${status}${told === "" ? "" : `: ${told}`}`;
  return providerError(text, {
    provider: source.provider,
    failure,
    status,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(keepBody ? safeJson(source, body) : {}),
  });
}

function safeJson(source: FailureSource, text: string): { body?: unknown } {
  try {
    return {
      body: JSON.parse(text, (_key, value: unknown) => (typeof value === "string" ? masked(source, value) : value)),
    };
  } catch {
    // A proxy's page, or nothing: there is no JSON to show.
    return {};
  }
}

function httpKind(status: number, words: string): ProviderFailure {
  if (status === 401) return "auth";
  if (status === 402) return "quota";
  if (status === 408) return "timeout";
  if (status === 413) return "context_too_long";
  if (status >= 500) return "overloaded";
  const told = WORDS.find(([, shape]) => shape.test(words))?.[0];
  if (told !== undefined) return told;
  if (status === 403) return "auth";
  if (status === 429) return "rate_limit";
  return "bad_request";
}

/** An error that the vendor sent inside of a stream that began well. */
export function streamFailure(source: FailureSource, error: unknown, cause?: unknown): AlephError {
  const { message, words } = readError(typeof error === "string" ? error : (JSON.stringify(error) ?? ""));
  const failure = STREAM_WORDS.find(([, shape]) => shape.test(words))?.[0] ?? "overloaded";
  const told = safeText(source, message);
  return providerError(
    `Provider "${source.provider}" broke off its reply${told === "" ? "" : `: ${told}`}`,
    { provider: source.provider, failure },
    cause,
  );
}

/** What the vendor says of a job that failed; empty when it says nothing. */
export function vendorMessage(source: FailureSource, error: unknown): string {
  return safeText(source, readError(JSON.stringify(error) ?? "").message);
}

export function networkFailure(source: FailureSource, cause: unknown): AlephError {
  const code = errorCode(cause);
  const text = `The connection to provider "${source.provider}" failed${code === undefined ? "" : ` (${code})`}`;
  return providerError(text, { provider: source.provider, failure: "network" }, cause);
}

/** The body ended although the reply had not. */
export function halfStream(source: FailureSource): AlephError {
  return providerError(`Provider "${source.provider}" ended its reply half-way`, {
    provider: source.provider,
    failure: "network",
  });
}

export function timeoutFailure(source: FailureSource, ms: number, what: "answer" | "part"): AlephError {
  const text =
    what === "answer"
      ? `Provider "${source.provider}" did not answer within ${ms} ms`
      : `Provider "${source.provider}" sent nothing of its reply for ${ms} ms`;
  return providerError(text, { provider: source.provider, failure: "timeout" });
}

export function malformedFailure(source: FailureSource, what: string, cause?: unknown): AlephError {
  return providerError(
    `Provider "${source.provider}" sent ${what}`,
    { provider: source.provider, failure: "malformed" },
    cause,
  );
}

function masked({ secrets }: FailureSource, text: string): string {
  let safe = text;
  for (const secret of secrets) safe = safe.replaceAll(secret, MASK);
  // `sk-ab****yz`: half a key is still too much of it.
  return maskText(safe).replace(/\S*\*{3,}\S*/g, MASK);
}

/** Vendor text that may be shown: one line, short, without keys. */
function safeText(source: FailureSource, text: string): string {
  const safe = masked(source, text).replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return safe.length > 300 ? `${safe.slice(0, 300)}…` : safe;
}

interface VendorError {
  readonly message: string;
  /** Type, code, status word and message, to look for words in. */
  readonly words: string;
  readonly retryAfterMs?: number;
}

/**
 * Reads `{error: {message, type, code, status}}` (OpenAI, Anthropic, Gemini, Gemini's in a list), `{error: "text"}`
 * (Ollama), `{message}`, `{detail}` in words or as what is wrong with each field (FastAPI; Mistral has it below `message`), and
 * plain text.
 */
function readError(body: string): VendorError {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Plain text or a proxy's page: the text is all there is; of a page not even that.
    return body.trimStart().startsWith("<") ? { message: "", words: "" } : { message: body, words: body };
  }
  const outer = record(Array.isArray(json) ? json[0] : json);
  const error = typeof outer?.error === "string" ? { message: outer.error } : (record(outer?.error) ?? outer);
  if (error === undefined) return { message: "", words: body };
  const message = typeof error.message === "string" ? error.message : detailOf(record(error.message) ?? error);
  const texts = [error.type, error.code, error.status, message].filter((part) => typeof part === "string");
  const delay = Array.isArray(error.details)
    ? record(error.details.find((item) => record(item)?.retryDelay))
    : undefined;
  const seconds = typeof delay?.retryDelay === "string" ? Number.parseFloat(delay.retryDelay) : Number.NaN;
  return {
    message,
    words: texts.join(" "),
    ...(Number.isFinite(seconds) ? { retryAfterMs: Math.round(seconds * 1000) } : {}),
  };
}

function detailOf({ detail }: Record<string, unknown>): string {
  if (typeof detail === "string") return detail;
  const faults = Array.isArray(detail) ? detail.map(record) : [];
  return faults
    .flatMap((fault) => {
      const place = Array.isArray(fault?.loc) ? `${fault.loc.join(".")}: ` : "";
      return typeof fault?.msg === "string" ? [`${place}${fault.msg}`] : [];
    })
    .join("; ");
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Milliseconds from `retry-after-ms` or Retry-After: seconds or an HTTP date (RFC 9110 §10.2.3), never below 0. */
export function retryAfter(headers: Headers, now: () => number = Date.now): number | undefined {
  const precise = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (precise >= 0) return Math.round(precise);
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const date = Date.parse(value);
  if (Number.isNaN(date)) return undefined;
  // Against the vendor's own clock where it tells it: ours may be wrong.
  const sent = Date.parse(headers.get("date") ?? "");
  return Math.max(0, date - (Number.isNaN(sent) ? now() : sent));
}

function errorCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && /^[A-Za-z_]{3,40}$/.test(code)) return code;
  }
  return undefined;
}
