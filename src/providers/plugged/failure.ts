/** From how a plugin's handler failed to one of the ways in which a provider call can fail. */
import { AlephError } from "../../protocol/errors.ts";
import { PROVIDER_FAILURES } from "../../sdk/provider.ts";
import { providerError } from "../../sdk/provider-error.ts";
import { objectOf } from "../wire/call.ts";
import { type FailureSource, malformedFailure, streamFailure, timeoutFailure, vendorMessage } from "../wire/failure.ts";

/** How JavaScript says that nobody answered. */
const NETWORK = /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|fetch failed|unable to connect|socket|network/i;

/** What `PluginProcess.call` and `stream` threw. */
export function thrownFailure(source: FailureSource, timeoutMs: number, thrown: unknown): AlephError {
  const error = AlephError.from(thrown);
  const { provider } = source;
  if (error.reason === "timeout") return timeoutFailure(source, timeoutMs, "answer");
  if (error.reason !== "plugin_error") return error;
  const { code } = error.data;
  if (code === "protocol" || code === "too_large") {
    return malformedFailure(
      source,
      code === "protocol" ? "what is not its format" : "more than a reply can hold",
      error,
    );
  }
  if (code === "handler" && !NETWORK.test(error.message)) return streamFailure(source, error.message, error);
  // It ended, it cannot be started, or nobody answers it.
  const told = vendorMessage(source, { message: error.message });
  return providerError(`Provider "${provider}" cannot be reached: ${told}`, { provider, failure: "network" }, error);
}

/** What a handler told as `error`. Gives `malformed` for what is no such thing. */
export function toldFailure(source: FailureSource, told: unknown): AlephError {
  const { failure, message, status, retry_after_ms, field } = objectOf(told);
  const known = PROVIDER_FAILURES.find((name) => name === failure);
  if (known === undefined || typeof message !== "string") return malformedFailure(source, "an error without its kind");
  const text = vendorMessage(source, { message });
  return providerError(`Provider "${source.provider}" failed${text === "" ? "" : `: ${text}`}`, {
    provider: source.provider,
    failure: known,
    ...(isCount(status) && status >= 100 && status <= 599 ? { status } : {}),
    ...(isCount(retry_after_ms) ? { retryAfterMs: retry_after_ms } : {}),
    ...(typeof field === "string" && /^[a-z_]{1,40}$/.test(field) ? { field } : {}),
  });
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
