/** The chain of the audit: each row's code covers the row and the code before it. */
import { canonicalJson } from "../../lib/canonical-json.ts";

export const AUDIT_KINDS = ["decision", "call", "approval", "config", "plugin"] as const;
/**
 * `decision`: the policy's word about a call, with its plan. `call`: how a call ended, with the hash of its result. `approval`:
 * somebody's answer. `config`: sections that changed. `plugin`: what one tried and might not, or one that came or went.
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
