/** The audit: what was decided about each call and how it ended, in a table in which no row can be changed unseen. */
import type { Database } from "bun:sqlite";
import { canonicalDigest, canonicalJson } from "../../lib/canonical-json.ts";
import { describeError, type Log } from "../../lib/log.ts";
import { maskSecrets } from "../../lib/mask.ts";
import { isEphemeral, parseSessionKey } from "../../protocol/session-key.ts";
import type { Store } from "../../sdk/store.ts";
import type { Prepared, ToolContext } from "../../sdk/tool.ts";
import { type AuditKind, type AuditRow, GENESIS, headMacOf, macOf } from "./chain.ts";
import { readHead } from "./rows.ts";
import { type AuditVerdict, verifyChain } from "./verify.ts";

export interface AuditOptions {
  /** The database on disk: of ephemeral sessions there is the row, without a name or what was in the call. */
  readonly store: Store;
  /** 256 bits that are not in the database; asked for at the first row. */
  readonly key: () => Buffer;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface AuditQuery {
  readonly limit: number;
  /** Rows with smaller numbers. */
  readonly before?: number | undefined;
  readonly kind?: AuditKind | undefined;
  readonly tool?: string | undefined;
  readonly sessionKey?: string | undefined;
}

export interface AuditEntry extends Omit<AuditRow, "detail"> {
  readonly detail: Readonly<Record<string, unknown>>;
}

export type Decided = Pick<Prepared, "tier" | "reason" | "plan">;

/** What stands in a row besides its number and time. */
export interface AuditFacts {
  readonly kind: AuditKind;
  readonly identity?: string | null;
  readonly sessionKey?: string | null;
  readonly runId?: string | null;
  readonly callId?: string | null;
  readonly tool?: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Characters of a plan that are kept; its hash is that of the whole. */
const MAX_PLAN = 8_192;

export class Audit {
  readonly #o: AuditOptions;
  #head: { readonly seq: number; readonly mac: string } | undefined;

  constructor(options: AuditOptions) {
    this.#o = options;
  }

  decided(tool: string, { tier, reason, plan }: Decided, context: ToolContext): void {
    const text = canonicalJson(maskSecrets(plan));
    const shown =
      text.length <= MAX_PLAN ? { plan: JSON.parse(text) as unknown } : { plan_cut: text.slice(0, MAX_PLAN) };
    this.#ofCall("decision", tool, context, { tier, reason, plan_sha256: canonicalDigest(plan), ...shown });
  }

  ended(
    tool: string,
    { status, text }: { readonly status: string; readonly text: string },
    context: ToolContext,
  ): void {
    this.#ofCall("call", tool, context, { status, result_sha256: sha256(text), result_length: text.length });
  }

  /** Never throws: what cannot be kept is in the log. */
  add({
    kind,
    identity = null,
    sessionKey = null,
    runId = null,
    callId = null,
    tool = null,
    detail,
  }: AuditFacts): void {
    const { store, now, log } = this.#o;
    const mayBeNamed = sessionKey === null || !isEphemeral(parseSessionKey(sessionKey));
    try {
      store.writeRelaxed((db) => {
        const head = this.#head ?? readHead(db) ?? { seq: 0, mac: GENESIS };
        const row: AuditRow = {
          seq: head.seq + 1,
          ts: now(),
          kind,
          identity,
          session_key: mayBeNamed ? sessionKey : null,
          run_id: mayBeNamed ? runId : null,
          call_id: callId,
          tool,
          detail: canonicalJson(detail),
        };
        const mac = macOf(this.#o.key(), row, head.mac);
        insert(db, row, mac, headMacOf(this.#o.key(), row.seq, mac));
        this.#head = { seq: row.seq, mac };
      });
    } catch (thrown) {
      // Nothing of it is in the database then; the next row follows the last that is.
      this.#head = undefined;
      log.error("audit row could not be kept", { kind, tool, ...describeError(thrown) });
    }
  }

  /** Newest first. */
  list({ limit, before, kind, tool, sessionKey }: AuditQuery): readonly AuditEntry[] {
    const rows = this.#o.store.db
      .query<AuditRow, [number, string | null, string | null, string | null, number]>(
        `SELECT seq, ts, kind, identity, session_key, run_id, call_id, tool, detail FROM audit
         WHERE seq < ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR tool = ?3) AND (?4 IS NULL OR session_key = ?4)
         ORDER BY seq DESC LIMIT ?5`,
      )
      .all(before ?? Number.MAX_SAFE_INTEGER, kind ?? null, tool ?? null, sessionKey ?? null, limit);
    return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as Record<string, unknown> }));
  }

  /** Checks every row. Other work goes on in between; rows that are added meanwhile are not looked at. */
  verify(signal: AbortSignal): Promise<AuditVerdict> {
    return verifyChain(this.#o, signal);
  }

  #ofCall(
    kind: AuditKind,
    tool: string,
    { identity, sessionKey, runId, callId }: ToolContext,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    const isSecret = isEphemeral(parseSessionKey(sessionKey));
    const { plan: _, plan_cut: __, ...bare } = detail;
    this.add({ kind, identity: identity.id, sessionKey, runId, callId, tool, detail: isSecret ? bare : detail });
  }
}

function insert(db: Database, row: AuditRow, mac: string, headMac: string): void {
  const { seq, ts, kind, identity, session_key, run_id, call_id, tool, detail } = row;
  db.query(
    `INSERT INTO audit (seq, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(seq, ts, kind, identity, session_key, run_id, call_id, tool, detail, mac);
  db.query("INSERT INTO audit_head (id, seq, mac) VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE SET seq = ?1, mac = ?2").run(
    seq,
    headMac,
  );
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
