/** What people allowed for longer than one call: kept by hash, shown whole, taken back by name. */
import type { Database } from "bun:sqlite";
import { canonicalDigest } from "../lib/canonical-json.ts";
import type { Identity } from "../protocol/identity.ts";

/** A standing permission as clients see it. */
export interface Grant {
  /** The question whose answer it was; its name. */
  readonly approval_id: string;
  readonly tool: string;
  readonly scope: "session" | "always";
  /** Null when it holds in every session. */
  readonly session_key: string | null;
  /** What may run: a pattern, or one whole plan. */
  readonly allows: unknown;
  readonly granted_by: string | null;
  readonly created_at: number;
}

/** What a grant is compared by. */
export interface Digests {
  /** Of the whole plan, with tool, folder and for whom. */
  readonly plan: string;
  /** Of the pattern; the same as `plan` where exactly the plan is meant; null where there is no "always". */
  readonly always: string | null;
}

interface Asked {
  readonly tool: string;
  readonly plan: Readonly<Record<string, unknown>>;
  readonly pattern?: Readonly<Record<string, unknown>> | null;
  readonly workspace: string;
  readonly identity: Identity;
}

interface Row {
  readonly approval_id: string;
  readonly tool: string;
  readonly session_key: string;
  readonly plan: string;
  readonly pattern: string | null;
  readonly decided_by: string | null;
  readonly created_at: number;
}

/** In `approval_grant.session_key`: the grant holds in every session. No session key is empty. */
const EVERYWHERE = "";
const SELECT = `SELECT g.approval_id, a.tool, g.session_key, a.plan, a.pattern, a.decided_by, g.created_at
  FROM approval_grant g JOIN approval a ON a.id = g.approval_id`;

export function digestsOf({ tool, plan, pattern, workspace, identity }: Asked): Digests {
  const principal = identity.kind === "owner" || identity.kind === "device" ? "owner" : identity.id;
  const exact = canonicalDigest({ tool, plan, workspace, principal });
  if (pattern === undefined) return { plan: exact, always: exact };
  return { plan: exact, always: pattern && canonicalDigest({ tool, pattern, principal }) };
}

export function findGrant(db: Database, { plan, always }: Digests, sessionKey: string): Grant["scope"] | undefined {
  const found = db
    .query<{ session_key: string }, [string, string, string | null, string]>(
      `SELECT session_key FROM approval_grant
       WHERE (digest = ?1 AND session_key = ?2) OR (digest = ?3 AND session_key = ?4) ORDER BY session_key LIMIT 1`,
    )
    .get(plan, sessionKey, always, EVERYWHERE);
  if (!found) return undefined;
  return found.session_key === EVERYWHERE ? "always" : "session";
}

export function insertGrant(
  db: Database,
  grant: { readonly digest: string; readonly sessionKey: string | null; readonly approvalId: string },
  now: number,
): void {
  db.query(
    "INSERT OR REPLACE INTO approval_grant (digest, session_key, approval_id, created_at) VALUES (?, ?, ?, ?)",
  ).run(grant.digest, grant.sessionKey ?? EVERYWHERE, grant.approvalId, now);
}

export function listGrants(db: Database): Grant[] {
  return db.query<Row, []>(`${SELECT} ORDER BY g.created_at, g.approval_id`).all().map(grantOf);
}

/** What it was; nothing when there was none. */
export function removeGrant(db: Database, approvalId: string): Grant | undefined {
  const row = db.query<Row, [string]>(`${SELECT} WHERE g.approval_id = ?`).get(approvalId);
  if (!row) return undefined;
  db.query("DELETE FROM approval_grant WHERE approval_id = ?").run(approvalId);
  return grantOf(row);
}

function grantOf(row: Row): Grant {
  const always = row.session_key === EVERYWHERE;
  const pattern: unknown = always && row.pattern !== null ? JSON.parse(row.pattern) : null;
  return {
    approval_id: row.approval_id,
    tool: row.tool,
    scope: always ? "always" : "session",
    session_key: always ? null : row.session_key,
    allows: pattern ?? (JSON.parse(row.plan) as unknown),
    granted_by: row.decided_by,
    created_at: row.created_at,
  };
}
