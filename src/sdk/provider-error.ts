/** The one way to say that a provider call failed. */
import { AlephError } from "../protocol/errors.ts";
import { PROVIDER_FAILURES, type ProviderFailure } from "./provider.ts";

export interface ProviderErrorDetail {
  readonly provider: string;
  readonly failure: ProviderFailure;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** From Retry-After, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The field of the request that it cannot carry out, in snake_case. */
  readonly field?: string;
  /** The vendor's JSON, secrets masked. */
  readonly body?: unknown;
}

/** `provider_error` with `data {provider, failure, status?, retry_after_ms?, field?, body?}`. The message must hold no secret. */
export function providerError(message: string, detail: ProviderErrorDetail, cause?: unknown): AlephError {
  return new AlephError("provider_error", message, {
    cause,
    data: {
      provider: detail.provider,
      failure: detail.failure,
      ...(detail.status === undefined ? {} : { status: detail.status }),
      ...(detail.retryAfterMs === undefined ? {} : { retry_after_ms: detail.retryAfterMs }),
      ...(detail.field === undefined ? {} : { field: detail.field }),
      ...(detail.body === undefined ? {} : { body: detail.body }),
    },
  });
}

/** How it failed, when `thrown` came from `providerError`. */
export function providerFailureOf(thrown: unknown): ProviderFailure | undefined {
  if (!(thrown instanceof AlephError) || thrown.reason !== "provider_error") return undefined;
  const { failure } = thrown.data;
  return PROVIDER_FAILURES.find((known) => known === failure);
}
