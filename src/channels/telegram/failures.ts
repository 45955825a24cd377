/** What the Bot API refuses, in our words. */
import { GrammyError, HttpError } from "grammy/web";
import { AlephError } from "../../protocol/errors.ts";

/** The address in an HttpError holds the bot's token: nothing of it is passed on. */
export function telegramError(thrown: unknown): AlephError {
  if (thrown instanceof AlephError) return thrown;
  if (thrown instanceof HttpError) return new AlephError("overloaded", "Telegram could not be reached");
  if (!(thrown instanceof GrammyError)) return AlephError.from(thrown);
  const { error_code: code, description, parameters } = thrown;
  const said = `Telegram says: ${description}`;
  switch (code) {
    case 404:
      // A server of one's own may be older than what it is asked for.
      return /method not found/i.test(description) ? new AlephError("invalid_params", said) : unknownToken();
    case 401:
      return unknownToken();
    case 403:
      return new AlephError("forbidden", said);
    case 409:
      return new AlephError("conflict", "Another program gets the bot's updates", {
        data: { hint: "Stop it, or remove its webhook: a bot has one reader" },
      });
    case 413:
      return new AlephError("payload_too_large", said);
    case 429:
      return new AlephError("rate_limited", said, { data: { retry_after_ms: (parameters.retry_after ?? 5) * 1000 } });
    case 400:
      return new AlephError(/not found|can't be edited/i.test(description) ? "not_found" : "invalid_params", said);
    default:
      return new AlephError("overloaded", said);
  }
}

function unknownToken(): AlephError {
  return new AlephError("auth_failed", "Telegram does not know the bot's token", {
    data: { hint: "Ask @BotFather for it, and put it into token of the interface's table" },
  });
}

/** An edit that changes nothing is none that failed. */
export function isUnchanged(thrown: unknown): boolean {
  return thrown instanceof GrammyError && thrown.description.includes("message is not modified");
}

/** A group that became a supergroup has another id. */
export function migratedTo(thrown: unknown): number | undefined {
  return thrown instanceof GrammyError ? thrown.parameters.migrate_to_chat_id : undefined;
}
