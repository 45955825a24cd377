/** A lock that holds between processes and that the system frees when its holder dies. */
import { Database } from "bun:sqlite";

export interface FileLockOptions {
  /** How long to wait for another holder. */
  readonly timeoutMs: number;
  readonly wait?: (ms: number) => Promise<void>;
}

/**
 * Takes the lock of the file at `path`, which is made when absent and never written. SQLite does the locking: it knows
 * each system's way, also between two holders in one process. Resolves to nothing when `timeoutMs` ran out.
 */
export async function lockFile(
  path: string,
  { timeoutMs, wait = Bun.sleep }: FileLockOptions,
): Promise<Disposable | undefined> {
  const database = new Database(path, { create: true });
  const pause = 10;
  for (let waited = 0; ; waited += pause) {
    try {
      database.run("BEGIN EXCLUSIVE");
      return { [Symbol.dispose]: () => database.close() };
    } catch (thrown) {
      if (!isBusy(thrown)) {
        database.close();
        throw thrown;
      }
    }
    if (waited >= timeoutMs) break;
    await wait(pause);
  }
  database.close();
  return undefined;
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("SQLITE_BUSY");
}
