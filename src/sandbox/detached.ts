/** Starts a program that lives on when this one ends, as a browser does: nothing of it is awaited but its first moment. */

/** A program that cannot do what it is for says so at once. */
const FIRST_MS = 1500;

/** Whether it could be started and did not fail in its first moment. */
export async function startDetached(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  try {
    const child = Bun.spawn([...argv], {
      env: { ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    });
    child.unref();
    const timer = Promise.withResolvers<0>();
    const waiting = setTimeout(() => timer.resolve(0), FIRST_MS);
    const code = await Promise.race([child.exited, timer.promise]);
    clearTimeout(waiting);
    return code === 0;
  } catch {
    // There is no such program.
    return false;
  }
}
