/** The database as subsystems see it. */
import type { Database } from "bun:sqlite";
import type { AlephError } from "../protocol/errors.ts";

export interface Store {
  /** Why nothing can be written any more, if so. */
  readonly failure: AlephError | undefined;
  /** For reads: short ones only, on the caller's thread. */
  readonly db: Database;
  /**
   * Runs `work` in one transaction and resolves when it is durable: committed and synced. Callers in the same moment
   * share the sync. If `work` throws, nothing of it stays and the error is the result. A failing disk is
   * `storage_failed`.
   */
  write<T>(work: (db: Database) => T): Promise<T>;
  /**
   * Runs `work` in one transaction that survives a killed process, but for which nobody waits: a power cut may take it.
   * For streamed text and traces.
   */
  writeRelaxed<T>(work: (db: Database) => T): T;
}
