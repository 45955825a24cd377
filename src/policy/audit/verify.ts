/** Checks the audit from its beginning, or from the checkpoint that stands for what was pruned, to its newest row. */
import type { Database } from "bun:sqlite";
import type { Store } from "../../sdk/store.ts";
import { BEGINNING, type ChainedRow, headMacOf, type Link, macOf, readCheckpoint } from "./chain.ts";
import { readHead, rowsAfter } from "./rows.ts";

export interface AuditFault {
  readonly seq: number;
  /** A sentence without a full stop. */
  readonly problem: string;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly rows: number;
  /** Code of the newest row: whoever wrote it down elsewhere can tell whether the whole chain was replaced. */
  readonly head: string | null;
  /** The rows before `seq` were pruned, the last time at `prunedAt` (Unix milliseconds); null: all are kept. */
  readonly keptFrom: { readonly seq: number; readonly prunedAt: number } | null;
  /** The first ones. */
  readonly faults: readonly AuditFault[];
}

export interface VerifyOptions {
  readonly store: Store;
  readonly key: () => Buffer;
}

/** Where the chain that is kept begins, if everything before it was pruned. */
export interface Checkpoint extends Link {
  readonly prunedAt: number;
}

const MAX_FAULTS = 20;
/** Rows that are checked before others get their turn. */
const BATCH = 2_000;

/** Other work goes on in between; rows that are added meanwhile are not looked at. */
export async function verifyChain({ store: { db }, key }: VerifyOptions, signal: AbortSignal): Promise<AuditVerdict> {
  const kept = readHead(db);
  const end = db.query<{ seq: number | null }, []>("SELECT max(seq) AS seq FROM audit").get()?.seq ?? 0;
  const faults: AuditFault[] = [];
  const fault = (seq: number, problem: string) => {
    if (faults.length < MAX_FAULTS) faults.push({ seq, problem });
  };
  let rows = 0;
  let last = BEGINNING;
  let checkpoint: Checkpoint | undefined;
  for (;;) {
    // Rows may be pruned between two batches; then the chain goes on behind them.
    checkpoint = findCheckpoint(db, key());
    if (checkpoint && checkpoint.seq > last.seq) last = checkpoint;
    const batch = rowsAfter(db, last.seq, end, BATCH);
    for (const row of batch) {
      const problem = problemOf(key(), row, last);
      if (problem !== undefined) fault(row.seq, problem);
      last = row;
      rows++;
    }
    if (batch.length < BATCH) break;
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  if (kept === undefined ? last.seq > 0 : kept.seq > last.seq) {
    fault(kept?.seq ?? last.seq, kept === undefined ? "The newest row is not named" : missing(last.seq + 1, kept.seq));
  } else if (kept !== undefined && !isHead(db, key(), kept)) {
    fault(kept.seq, "The name of the newest row was changed");
  }
  const keptFrom = checkpoint ? { seq: checkpoint.seq + 1, prunedAt: checkpoint.prunedAt } : null;
  return { ok: faults.length === 0, rows, head: last.seq === 0 ? null : last.mac, keptFrom, faults };
}

/** The oldest row, if it stands for those that were pruned and nobody else can have written it. */
export function findCheckpoint(db: Database, key: Buffer): Checkpoint | undefined {
  const [oldest] = rowsAfter(db, 0, Number.MAX_SAFE_INTEGER, 1);
  const read = oldest ? readCheckpoint(key, oldest) : undefined;
  return oldest && read ? { seq: oldest.seq, mac: oldest.mac, ...read } : undefined;
}

/** Why the row cannot follow `last`; nothing when it does. */
export function problemOf(key: Buffer, { mac, ...row }: ChainedRow, last: Link): string | undefined {
  if (row.seq !== last.seq + 1) return missing(last.seq + 1, row.seq - 1);
  return macOf(key, row, last.mac) === mac ? undefined : "Row was changed, or put in";
}

function isHead(db: Database, key: Buffer, { seq, mac }: Link): boolean {
  const head = db.query<{ mac: string }, []>("SELECT mac FROM audit_head").get();
  return head?.mac === headMacOf(key, seq, mac);
}

function missing(from: number, to: number): string {
  return from === to ? `Row ${from} is missing` : `Rows ${from} to ${to} are missing`;
}
