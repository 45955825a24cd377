/** The end of a wait that somebody gave up. */
import { AlephError } from "../protocol/errors.ts";

/** Rejects when the signal aborts; never resolves. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = () => {
      const { reason } = signal;
      reject(
        reason instanceof AlephError
          ? reason
          : new AlephError("timeout", "The run did not end in time", { cause: reason }),
      );
    };
    if (signal.aborted) refuse();
    else signal.addEventListener("abort", refuse, { once: true });
  });
}
