/** Waits for something no longer than it is wanted. */

/** What `promise` gives; rejects with what `stopped` makes of the reason as soon as the signal aborts, and the work goes on. */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  stopped: (reason: unknown) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(stopped(signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
