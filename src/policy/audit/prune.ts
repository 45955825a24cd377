/** Takes old rows out of the audit and leaves a checkpoint in their place, from which the chain is checked on. */
import type { Store } from "../../sdk/store.ts";
import { BEGINNING, checkpointFor } from "./chain.ts";
import { rowsAfter } from "./rows.ts";
import { type AuditFault, findCheckpoint, problemOf } from "./verify.ts";

export interface PruneOptions {
  readonly store: Store;
  readonly key: () => Buffer;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface Pruned {
  readonly rows: number;
  /** The row at which it stopped: what was tampered with stays as evidence, and so does what follows. */
  readonly fault: AuditFault | undefined;
}

/** Rows of one transaction. */
const BATCH = 500;

/** Rows from before `cutoff` (Unix milliseconds), up to the first that is younger. Each is checked before it goes. */
export async function pruneAudit(
  { store, key, now }: PruneOptions,
  cutoff: number,
  signal: AbortSignal,
): Promise<Pruned> {
  const { db } = store;
  for (let rows = 0; ; ) {
    const start = findCheckpoint(db, key()) ?? BEGINNING;
    const batch = rowsAfter(db, start.seq, Number.MAX_SAFE_INTEGER, BATCH);
    const young = batch.findIndex(({ ts }) => ts >= cutoff);
    const old = young < 0 ? batch : batch.slice(0, young);
    const wrong = old.findIndex((row, index) => problemOf(key(), row, old[index - 1] ?? start) !== undefined);
    const sound = wrong < 0 ? old : old.slice(0, wrong);
    const newest = sound.at(-1);
    if (newest) {
      const { seq, ts, kind, detail, mac } = checkpointFor(key(), newest, now());
      store.writeRelaxed((db) => {
        db.query("DELETE FROM audit WHERE seq <= ?").run(seq);
        db.query("INSERT INTO audit (seq, ts, kind, detail, mac) VALUES (?, ?, ?, ?, ?)").run(
          seq,
          ts,
          kind,
          detail,
          mac,
        );
      });
      rows += sound.length;
    }
    if (wrong >= 0) {
      const row = old[wrong]!;
      return { rows, fault: { seq: row.seq, problem: problemOf(key(), row, old[wrong - 1] ?? start)! } };
    }
    if (old.length < BATCH) return { rows, fault: undefined };
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
}
