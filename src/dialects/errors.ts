/** Errors as each dialect's clients know them: status, body, and the event that ends a stream. */
import { maskSecrets } from "../lib/mask.ts";
import { AlephError, ERRORS, toRpcError } from "../protocol/errors.ts";
import type { Dialect, ProviderFailure } from "../sdk/provider.ts";
import { providerFailureOf } from "../sdk/provider-error.ts";

/** A key that a provider refuses is the server's trouble and not the client's: 401 would blame the client's own. */
const PROVIDER: Readonly<Record<ProviderFailure, { readonly status: number; readonly code: string }>> = {
  auth: { status: 502, code: "provider_auth_failed" },
  quota: { status: 429, code: "insufficient_quota" },
  rate_limit: { status: 429, code: "rate_limit_exceeded" },
  overloaded: { status: 503, code: "overloaded" },
  context_too_long: { status: 400, code: "context_length_exceeded" },
  refused: { status: 400, code: "content_filter" },
  bad_request: { status: 400, code: "bad_request" },
  network: { status: 502, code: "provider_unreachable" },
  timeout: { status: 504, code: "provider_timeout" },
  malformed: { status: 502, code: "provider_malformed" },
};

const ANTHROPIC: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** Waiting does not help: clients that retry by themselves need not. */
const HOPELESS: ReadonlySet<string> = new Set([
  "provider_auth_failed",
  "insufficient_quota",
  "limit_reached",
  "budget_exceeded",
]);

export interface DialectError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export function dialectError(dialect: Dialect, thrown: unknown): DialectError {
  const error = AlephError.from(thrown);
  const { status, code } = kindOf(dialect, error);
  const wait = error.data.retry_after_ms;
  return {
    status,
    headers: {
      ...(typeof wait === "number" ? { "retry-after": String(Math.ceil(wait / 1000)) } : {}),
      ...(HOPELESS.has(code) ? { "x-should-retry": "false" } : {}),
    },
    body: vendorBody(dialect, error) ?? ownBody(dialect, error, status, code),
  };
}

/** The event that tells of an error inside of a stream that began well. */
export function streamError(dialect: Dialect, thrown: unknown): string {
  const { body } = dialectError(dialect, thrown);
  if (dialect === "messages") return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
  if (dialect === "chat") return `data: ${JSON.stringify(body)}\n\n`;
  const { message, code, param } = body.error as Record<string, unknown>;
  return `event: error\ndata: ${JSON.stringify({ type: "error", code, message, param, sequence_number: 0 })}\n\n`;
}

export function errorCode(error: AlephError): string {
  const failure = providerFailureOf(error);
  return failure === undefined ? error.reason : PROVIDER[failure].code;
}

function kindOf(dialect: Dialect, error: AlephError): { status: number; code: string } {
  const failure = providerFailureOf(error);
  if (failure === undefined) return { status: ERRORS[error.reason].http, code: error.reason };
  const { status, code } = PROVIDER[failure];
  const told = error.data.status;
  if (failure === "bad_request" && typeof told === "number" && told > 400 && told < 500) return { status: told, code };
  return { status: failure === "overloaded" && dialect === "messages" ? 529 : status, code };
}

/** What the vendor said of a request that was handed on as it was: nobody says better what is wrong with it. */
function vendorBody(dialect: Dialect, error: AlephError): Record<string, unknown> | undefined {
  const { body, dialect: spoken, failure } = error.data;
  const isTheirs = failure === "bad_request" || failure === "context_too_long" || failure === "refused";
  if (!isTheirs || spoken !== dialect || typeof body !== "object" || body === null || !("error" in body)) {
    return undefined;
  }
  return maskSecrets(body) as Record<string, unknown>;
}

function ownBody(dialect: Dialect, error: AlephError, status: number, code: string): Record<string, unknown> {
  const { message, data } = toRpcError(error);
  const hint = typeof data.hint === "string" ? `. ${data.hint}` : "";
  const text = `${message}${hint}`;
  if (dialect === "messages") {
    return { type: "error", error: { type: ANTHROPIC[status] ?? clientOr(status, "api_error"), message: text } };
  }
  const param = typeof data.param === "string" ? data.param : null;
  return { error: { message: text, type: openAiType(status, code), param, code: openAiCode(code) } };
}

function openAiType(status: number, code: string): string {
  if (code === "insufficient_quota") return code;
  if (status === 429) return "rate_limit_error";
  if (status === 403) return "permission_error";
  return clientOr(status, "server_error");
}

function openAiCode(code: string): string | null {
  if (code === "unauthenticated" || code === "auth_failed") return "invalid_api_key";
  return code === "bad_request" || code === "invalid_params" || code === "invalid_request" ? null : code;
}

function clientOr(status: number, otherwise: string): string {
  return status < 500 ? "invalid_request_error" : otherwise;
}
