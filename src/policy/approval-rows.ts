/** Questions as rows of the database. */
import type { Database } from "bun:sqlite";
import { createId } from "../lib/id.ts";
import { parseSessionKey } from "../protocol/session-key.ts";
import type { Answer, Approval, ApprovalStatus, Question } from "./approvals.ts";
import type { Digests } from "./grants.ts";

export interface Row {
  readonly id: string;
  readonly tool: string;
  readonly plan: string;
  readonly digest: string;
  readonly pattern: string | null;
  readonly pattern_digest: string | null;
  readonly reason: string;
  readonly run_id: string | null;
  readonly call_id: string | null;
  readonly session_key: string | null;
  readonly identity: string;
  readonly status: ApprovalStatus;
  readonly decision: Answer | null;
  readonly created_at: number;
  readonly expires_at: number;
}

const STATUS_AFTER: Record<Answer, ApprovalStatus> = {
  once: "approved",
  session: "approved",
  always: "approved",
  deny: "denied",
  expired: "expired",
  cancelled: "cancelled",
};

/** What this very call asked of an earlier process: open still, or answered since this one began. */
export function findEarlier(db: Database, runId: string, callId: string, bornAt: number): Row | undefined {
  const sql = `SELECT * FROM approval WHERE run_id = ?1 AND call_id = ?2 AND created_at < ?3
    AND (status = 'pending' OR decided_at >= ?3) ORDER BY created_at DESC LIMIT 1`;
  return db.query<Row, [string, string, number]>(sql).get(runId, callId, bornAt) ?? undefined;
}

/** Whether a call waits for a person, so that it has not begun. */
export function isPending(db: Database, runId: string, callId: string): boolean {
  const sql = "SELECT 1 FROM approval WHERE run_id = ? AND call_id = ? AND status = 'pending'";
  return db.query<unknown, [string, string]>(sql).get(runId, callId) !== null;
}

export function rowOf(question: Question, digests: Digests, now: number): Row {
  const { tool, plan, pattern, reason, runId, callId, sessionKey, identity, ttlMs } = question;
  return {
    id: createId("approval"),
    tool,
    plan: JSON.stringify(plan),
    digest: digests.plan,
    pattern: pattern === undefined ? null : JSON.stringify(pattern),
    pattern_digest: digests.always,
    reason: `${reason}${askedBy(sessionKey)}`,
    run_id: runId,
    call_id: callId,
    session_key: sessionKey,
    identity: JSON.stringify(identity),
    status: "pending",
    decision: null,
    created_at: now,
    expires_at: now + ttlMs,
  };
}

/** The person knows their own conversation; a subagent's they have not seen. */
function askedBy(sessionKey: string): string {
  if (!sessionKey.startsWith("subagent:")) return "";
  const key = parseSessionKey(sessionKey);
  return key.form === "subagent" ? `. Asked by the subagent "${key.name}" of ${key.parent}` : "";
}

export function insert(db: Database, row: Row): void {
  db.query(
    `INSERT INTO approval (id, tool, plan, digest, pattern, pattern_digest, reason, run_id, call_id, session_key, identity,
       status, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)`,
  ).run(
    row.id,
    row.tool,
    row.plan,
    row.digest,
    row.pattern,
    row.pattern_digest,
    row.reason,
    row.run_id,
    row.call_id,
    row.session_key,
    row.identity,
    row.created_at,
    row.expires_at,
  );
}

/** Whether the question was still open. */
export function settle(db: Database, id: string, answer: Answer, by: string | null, now: number): boolean {
  const { changes } = db
    .query(
      "UPDATE approval SET status = ?, decision = ?, decided_by = ?, decided_at = ? WHERE id = ? AND status = 'pending'",
    )
    .run(STATUS_AFTER[answer], answer, by, now, id);
  return changes === 1;
}

export function approvalOf(row: Row): Approval {
  return {
    approval_id: row.id,
    tool: row.tool,
    plan: JSON.parse(row.plan) as unknown,
    reason: row.reason,
    ...(row.pattern === null ? {} : { pattern: JSON.parse(row.pattern) as Approval["pattern"] & object }),
    run_id: row.run_id,
    call_id: row.call_id,
    session_key: row.session_key,
    status: row.status,
    ...(row.decision === null ? {} : { decision: row.decision }),
    created_at: row.created_at,
    expires_at: row.expires_at,
  };
}

export function requestedEvent(row: Row) {
  const { status: _status, created_at: _created, ...question } = approvalOf(row);
  return question;
}
