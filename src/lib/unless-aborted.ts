/** Waits for something no longer than it is wanted. */

/** What `promise` gives; rejects with the reason, or what `stopped` makes of it, as soon as the signal aborts, and the work goes on. */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  stopped: (reason: unknown) => unknown = (reason) => reason,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(stopped(signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    // The signal may be a connection's, which outlives thousands of waits.
    promise.finally(() => signal.removeEventListener("abort", stop)).then(resolve, reject);
  });
}
