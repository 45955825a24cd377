/** Calls of Slack's Web API: each is tried once, and what it failed of is said in words. */

import type { ChannelSent } from "@aleph/plugin-sdk";
import {
  type LogLevel,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import type { Settings } from "./settings.ts";

const TIMEOUT_MS = 15_000;

/** Its own retries would go on when nobody waits any more, and send what was sent already. */
export function webOptions({ apiRoot }: Settings): WebClientOptions {
  return {
    slackApiUrl: apiRoot,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT_MS,
    allowAbsoluteUrls: false,
    logger: quietLogger,
  };
}

export function createWeb(settings: Settings): WebClient {
  return new WebClient(settings.botToken, webOptions(settings));
}

/** Milliseconds after which a call that Slack put off may come again. */
export function retryAfterOf(thrown: unknown): number | undefined {
  return thrown instanceof WebAPIRateLimitedError ? thrown.retryAfter * 1000 : undefined;
}

/** Answers after which the same may work a little later. */
const PASSING: readonly string[] = [
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "ratelimited",
  "rate_limited",
  "team_added_to_org",
  "external_channel_migrating",
];
/** Answers about the token, whatever is asked. */
const LOCKED_OUT: readonly string[] = [
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
  "team_access_not_granted",
];

/** What Slack answered that it will not do; nothing where it did not answer so. */
export function errorOf(thrown: unknown): string | undefined {
  return thrown instanceof WebAPIPlatformError ? (thrown.data as { readonly error: string }).error : undefined;
}

/** Whether Slack takes nothing from the bot any more, until it has another token. */
export function isLockedOut(thrown: unknown): boolean {
  return LOCKED_OUT.includes(errorOf(thrown) ?? "");
}

/** Whether the same will never work; what is about the token or the moment may. */
export function isRefusal(thrown: unknown): boolean {
  const error = errorOf(thrown);
  return error !== undefined && !PASSING.includes(error) && !isLockedOut(thrown);
}

/** What Aleph is told of a call that failed. Throws what may work later. */
export function refusalOf(what: string, thrown: unknown): ChannelSent {
  const retryAfterMs = retryAfterOf(thrown);
  if (retryAfterMs !== undefined) return { retry_after_ms: retryAfterMs };
  const failure = describeFailure(what, thrown);
  if (isRefusal(thrown)) return { refused: failure.message };
  throw failure;
}

const HINTS: Readonly<Record<string, string>> = {
  is_archived: "the channel is closed for good",
  cant_update_message: "only its own messages can be changed",
  invalid_auth: "is the token right, and of this workspace",
  not_in_channel: "invite the bot to the channel",
  channel_not_found: "there is none with this name, or the bot is not in it",
  missing_scope: "add the scope to the app and install it again",
  not_allowed_token_type: "bot_token begins with xoxb-, app_token with xapp-",
};

export function describeFailure(what: string, thrown: unknown): Error {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!(thrown instanceof WebAPIPlatformError)) return new Error(`${what}: ${message}`, { cause: thrown });
  const { error, needed } = thrown.data as { readonly error: string; readonly needed?: string };
  const scope = needed === undefined ? "" : ` (${needed})`;
  const hint = HINTS[error] === undefined ? "" : `: ${HINTS[error]}`;
  return new Error(`${what}: Slack says ${error}${scope}${hint}`, { cause: thrown });
}

/** Of what the packages tell, warnings and errors are for the plugin's log. */
export const quietLogger = {
  debug: () => {},
  info: () => {},
  warn: (...words: readonly unknown[]) => console.warn(...words),
  error: (...words: readonly unknown[]) => console.warn(...words),
  setLevel: () => {},
  getLevel: () => "warn" as LogLevel,
  setName: () => {},
};
