/** Idempotency keys: the same key within 24 hours answers with the first run and starts nothing. */
import type { Database } from "bun:sqlite";
import { AlephError } from "../protocol/errors.ts";

const KEPT_MS = 24 * 60 * 60 * 1000;

/** The run that this key already started. Throws `conflict` when it was for another question. */
export function findIdempotent(
  db: Database,
  identity: string,
  key: string,
  digest: string,
  now: number,
): string | undefined {
  const row = db
    .query<{ run_id: string; digest: string; created_at: number }, [string, string]>(
      "SELECT run_id, digest, created_at FROM idempotency WHERE identity = ? AND key = ?",
    )
    .get(identity, key);
  if (!row || row.created_at < now - KEPT_MS) return undefined;
  if (row.digest !== digest) {
    throw new AlephError("conflict", `Idempotency key "${key}" was used for another request`, {
      data: { run_id: row.run_id, hint: "Use a new key for each new request" },
    });
  }
  return row.run_id;
}

/** Whether the key was used already, for whatever it was. */
export function isKnownKey(db: Database, identity: string, key: string, now: number): boolean {
  const row = db
    .query<{ created_at: number }, [string, string]>(
      "SELECT created_at FROM idempotency WHERE identity = ? AND key = ?",
    )
    .get(identity, key);
  return row !== null && row.created_at >= now - KEPT_MS;
}

export function saveIdempotent(
  db: Database,
  entry: { identity: string; key: string; digest: string; runId: string; now: number },
): void {
  db.query("DELETE FROM idempotency WHERE created_at < ?").run(entry.now - KEPT_MS);
  db.query("INSERT INTO idempotency (identity, key, run_id, digest, created_at) VALUES (?, ?, ?, ?, ?)").run(
    entry.identity,
    entry.key,
    entry.runId,
    entry.digest,
    entry.now,
  );
}
