/** The end of a wait for a run that somebody gave up. */
import { AlephError } from "../protocol/errors.ts";

/** What it rejects with when its signal aborts for `reason`. */
export function givenUp(reason: unknown): AlephError {
  return reason instanceof AlephError
    ? reason
    : new AlephError("timeout", "The run did not end in time", { cause: reason });
}
