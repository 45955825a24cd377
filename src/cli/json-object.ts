/** Arguments of a call, as a person writes them on the command line. */
import { AlephError } from "../protocol/errors.ts";

/** Throws `invalid_params` for anything but an object. */
export function parseJsonObject(text: string, example: string): Record<string, unknown> {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (thrown) {
    cause = thrown;
  }
  throw new AlephError("invalid_params", "The arguments must be a JSON object", {
    cause,
    data: { hint: `For example '${example}'` },
  });
}
