/** Waiting for a condition that nobody announces: a file of another process, the state of a page. */

const PAUSE_MS = 4;

/** The first value of `check` that is neither undefined, null nor false. Rejects with what `check` throws, or late. */
export async function until<T>(
  check: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== null && value !== false) return value as Exclude<T, undefined | null | false>;
    if (performance.now() > deadline) throw new Error(`Not so after ${timeoutMs} ms: ${check}`);
    await Bun.sleep(PAUSE_MS);
  }
}
