/**
 * A failure as a guest is told of it: its kind. What a provider, a limit or the config says of it (organisations, accounts,
 * addresses, what to set) is for the owner.
 */
import { AlephError, type Reason } from "./errors.ts";
import type { WireFailure } from "./run.ts";

const WORDS: Readonly<Record<string, string>> = {
  budget_exceeded: "The allowance is used up",
  limit_reached: "The answer became too long and was ended",
  rate_limited: "The assistant is busy: try it later",
  overloaded: "The assistant is busy: try it later",
  timeout: "The answer took too long",
};

/** Reasons whose messages speak of what is the owner's. */
const OWNERS: ReadonlySet<Reason> = new Set([
  "budget_exceeded",
  "config_invalid",
  "mcp_error",
  "no_provider",
  "plugin_error",
  "provider_error",
  "storage_failed",
]);

/** Of a run that failed. */
export function guestFailure({ reason, message, reworded }: WireFailure): WireFailure {
  if (reworded) return { reason, message, reworded };
  return { reason, message: WORDS[reason] ?? "Something went wrong here: try it later" };
}

/** Of a request that was refused; undefined when the guest may be told as it is, also how far the own invite goes. */
export function guestRefusal(error: AlephError): AlephError | undefined {
  const { reason, message, data } = error;
  if (!OWNERS.has(reason) || data.budget === "invite") return undefined;
  const { run_id, retry_after_ms, reworded } = data;
  const told = guestFailure({ reason, message, ...(reworded === true ? { reworded } : {}) });
  return new AlephError(reason, told.message, {
    cause: error,
    data: { ...(run_id === undefined ? {} : { run_id }), ...(retry_after_ms === undefined ? {} : { retry_after_ms }) },
  });
}
