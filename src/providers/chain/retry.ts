/** When the same provider is asked again, and what says that it is not well: one rule for whoever asks. */
import type { AlephError } from "../../protocol/errors.ts";
import type { ProviderFailure } from "../../sdk/provider.ts";

export const RETRIES = 2;
const MAX_WAIT_MS = 10_000;
const BASE_WAIT_MS = 500;

/** Waiting helps. */
const TRANSIENT: ReadonlySet<ProviderFailure> = new Set(["rate_limit", "overloaded", "network", "timeout"]);
const UNWELL: ReadonlySet<ProviderFailure> = new Set(["overloaded", "network", "timeout", "malformed"]);

/** Whether a failure says that the provider is not well, rather than that the request was not. */
export function isUnwell(failure: ProviderFailure | undefined): boolean {
  return failure !== undefined && UNWELL.has(failure);
}

/** Milliseconds to wait before the same provider is asked again; nothing when that would not help or take too long. */
export function waitFor(
  error: AlephError,
  failure: ProviderFailure | undefined,
  retry: number,
  random: () => number,
): number | undefined {
  if (failure === undefined || !TRANSIENT.has(failure)) return undefined;
  const told = error.data.retry_after_ms;
  const wait = typeof told === "number" ? told : BASE_WAIT_MS * 2 ** retry * (0.5 + random());
  return wait > MAX_WAIT_MS ? undefined : Math.round(wait);
}
