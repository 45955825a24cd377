/** What Discord refuses, over its API and its gateway, in our words. */
import { DiscordAPIError, HTTPError, RateLimitError } from "@discordjs/rest";
import { AlephError } from "../../protocol/errors.ts";

/** Codes of https://docs.discord.com/developers/topics/opcodes-and-status-codes#json that say what the status does not. */
const UNKNOWN_CHANNEL = 10003;
const TOO_LARGE = 40005;
const TOO_OLD_TO_EDIT = 30046;
const ARCHIVED = 50083;
const NO_PERSON = 50033;

/** Addresses of webhooks hold a secret, and the errors have them: nothing of it is passed on. */
export function discordError(thrown: unknown): AlephError {
  if (thrown instanceof AlephError) return thrown;
  if (thrown instanceof RateLimitError) {
    const wait = Math.max(thrown.retryAfter, thrown.sublimitTimeout, 1);
    return new AlephError("rate_limited", "Discord asks to wait", { data: { retry_after_ms: Math.ceil(wait) } });
  }
  if (thrown instanceof HTTPError) return new AlephError("overloaded", `Discord answers ${thrown.status}`);
  if (thrown instanceof DiscordAPIError) return refusal(thrown);
  if (thrown instanceof Error && thrown.message.startsWith("Expected token")) return unknownToken();
  if (thrown instanceof Error && thrown.message.startsWith("Not enough sessions")) {
    return new AlephError("rate_limited", "Discord lets the bot connect no more today: it did so too often");
  }
  return new AlephError("overloaded", "Discord could not be reached");
}

function refusal({ status, code, rawError }: DiscordAPIError): AlephError {
  const said = `Discord says: ${"message" in rawError ? rawError.message : code}`;
  if (status === 401) return unknownToken();
  if (status === 413 || code === TOO_LARGE) return new AlephError("payload_too_large", said);
  if (code === UNKNOWN_CHANNEL) return new AlephError("not_found", said, { data: { unknown: "channel" } });
  if (status === 404 || code === TOO_OLD_TO_EDIT || code === NO_PERSON) return new AlephError("not_found", said);
  if (status === 403 || code === ARCHIVED) return new AlephError("forbidden", said);
  if (status === 400) {
    const about = "errors" in rawError && rawError.errors ? `: ${JSON.stringify(rawError.errors).slice(0, 500)}` : "";
    return new AlephError("invalid_params", said + about);
  }
  return new AlephError("overloaded", said);
}

/** What to say when the gateway closed the connection for good; nothing when to connect again helps. */
export function finalClose(code: number, application: string): AlephError | undefined {
  const page = `https://discord.com/developers/applications/${application}/bot`;
  switch (code) {
    case 4004:
      return unknownToken();
    case 4014: {
      const hint = `Switch on "Message Content Intent" under "Privileged Gateway Intents" at ${page}`;
      return new AlephError("forbidden", `Discord does not let the bot read messages. ${hint}`, { data: { hint } });
    }
    case 4011: {
      const hint = "Invite the bot to fewer servers, or make one of your own";
      return new AlephError("limit_reached", "The bot is in too many servers for one connection", { data: { hint } });
    }
    case 4010:
    case 4012:
    case 4013:
      return new AlephError("internal", `Discord's gateway refuses how the bot connects (${code})`);
    default:
      return undefined;
  }
}

function unknownToken(): AlephError {
  return new AlephError("auth_failed", "Discord does not know the bot's token", {
    data: { hint: "Reset it under Bot at https://discord.com/developers/applications, and put it into token" },
  });
}
