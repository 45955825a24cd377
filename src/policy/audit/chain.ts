/** The chain of the audit: each row's code covers the row and the code before it. */
import { canonicalJson } from "../../lib/canonical-json.ts";

export const AUDIT_KINDS = ["decision", "call", "approval", "config", "plugin", "checkpoint"] as const;
/**
 * `decision`: the policy's word about a call, with its plan. `call`: how a call ended, with the hash of its result. `approval`:
 * somebody's answer. `config`: sections that changed. `plugin`: what one tried and might not, or one that came or went.
 * `checkpoint`: stands in the place of the newest row that was pruned, for it and for all before it.
 */
export type AuditKind = (typeof AUDIT_KINDS)[number];

export interface AuditRow {
  readonly seq: number;
  /** Unix milliseconds. */
  readonly ts: number;
  readonly kind: AuditKind;
  readonly identity: string | null;
  readonly session_key: string | null;
  readonly run_id: string | null;
  readonly call_id: string | null;
  readonly tool: string | null;
  /** Canonical JSON. */
  readonly detail: string;
}

export type ChainedRow = AuditRow & { readonly mac: string };

/** Where a chain begins, or has come to. */
export interface Link {
  readonly seq: number;
  readonly mac: string;
}

/** Before the first row. */
export const GENESIS = "0".repeat(64);

/** Lower-case hex. */
export function macOf(key: Buffer, row: AuditRow, previous: string): string {
  const { seq, ts, kind, identity, session_key, run_id, call_id, tool, detail } = row;
  const fields = canonicalJson([seq, ts, kind, identity, session_key, run_id, call_id, tool, detail]);
  return new Bun.CryptoHasher("sha256", key).update(`aleph-audit|1|${previous}|${fields}`).digest("hex");
}

/** Of the newest row, in a place of its own. */
export function headMacOf(key: Buffer, seq: number, mac: string): string {
  return new Bun.CryptoHasher("sha256", key).update(`aleph-audit-head|1|${seq}|${mac}`).digest("hex");
}

/** Before anything was written. */
export const BEGINNING: Link = { seq: 0, mac: GENESIS };

/**
 * The row that takes the place of `last`, the newest of those that are pruned. Its code is that of `last`, so that the row after it
 * fits; its own seal is in `detail`, so that nobody without the key can say that rows were pruned.
 */
export function checkpointFor(key: Buffer, last: Pick<ChainedRow, "seq" | "ts" | "mac">, prunedAt: number): ChainedRow {
  const { seq, ts, mac } = last;
  const sealed = `aleph-audit-checkpoint|1|${seq}|${ts}|${prunedAt}|${mac}`;
  const seal = new Bun.CryptoHasher("sha256", key).update(sealed).digest("hex");
  const nobody = { identity: null, session_key: null, run_id: null, call_id: null, tool: null };
  return { seq, ts, kind: "checkpoint", ...nobody, detail: canonicalJson({ pruned_at: prunedAt, seal }), mac };
}

/** When the rows up to it were pruned; nothing when it is not what `checkpointFor` makes. */
export function readCheckpoint(key: Buffer, row: ChainedRow): { readonly prunedAt: number } | undefined {
  if (row.kind !== "checkpoint") return undefined;
  const prunedAt = Number(/"pruned_at":(\d+)/.exec(row.detail)?.[1]);
  return Bun.deepEquals(checkpointFor(key, row, prunedAt), { ...row }) ? { prunedAt } : undefined;
}
