/**
 * Invites of guests: each for one person or for the visitors of a page, for some tools, for a time, with an allowance; of
 * the invite only its hash is kept.
 */
import { createId, createSecret } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant, Scope } from "../protocol/identity.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import { hashSecret } from "./secret.ts";

/** How long an invite is listed after its end. */
const LISTED_FOR_MS = 7 * 24 * 60 * 60 * 1000;
const GUEST_SCOPES: readonly Scope[] = ["read", "chat"];

/** What a guest may use up in all; null is no limit. */
export interface Allowance {
  readonly tokens: number | null;
  readonly cost_usd: number | null;
}

export interface Invite {
  readonly invite_id: string;
  readonly tools: readonly string[];
  readonly budget: Allowance;
  readonly created_by: string;
  readonly created_at: number;
  /** When the invite and what was opened with it ends. */
  readonly expires_at: number;
  readonly used_at: number | null;
  /** Of pages that let their visitors in with it; none: it is for one person, once. */
  readonly origins: readonly string[];
  /** How often it lets somebody in; null is no limit. */
  readonly uses: number | null;
  /** How often it has. */
  readonly used: number;
}

/** For the visitors of a page. */
export interface PageInvite extends Invite {
  readonly isRevoked: boolean;
}

export interface InviteRequest {
  readonly tools: readonly string[];
  readonly expiresInMs: number;
  readonly budget: Allowance;
  /** With them the invite is a page's. */
  readonly origins?: readonly string[];
  /** Of a page's, how many visits it opens; null is no limit. */
  readonly uses?: number | null;
  readonly by: string;
}

export class Invites {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  /** Resolves when it is durable; the invite itself is told here and never again. */
  async create({
    tools,
    expiresInMs,
    budget,
    by,
    origins = [],
    uses = null,
  }: InviteRequest): Promise<{ invite_id: string; invite: string }> {
    const [id, invite, now] = [createId("inv"), createSecret("inv"), this.#now()];
    await this.#store.write((db) => {
      db.query("DELETE FROM auth_invite WHERE expires_at < ?").run(now - LISTED_FOR_MS);
      db.query(
        `INSERT INTO auth_invite (id, hash, tools, tokens, cost_usd, created_by, created_at, expires_at, origins, uses)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        ...[id, hashSecret(invite), JSON.stringify(tools), budget.tokens, budget.cost_usd, by, now, now + expiresInMs],
        ...[origins.length === 0 ? null : JSON.stringify(origins), uses],
      );
    });
    return { invite_id: id, invite };
  }

  list(): Invite[] {
    return this.#store.db
      .query<InviteRow, []>("SELECT * FROM auth_invite WHERE revoked_at IS NULL ORDER BY created_at, id")
      .all()
      .map((row) => inviteOf(row));
  }

  /** Takes the invite: of two who bring it one gets in. Resolves when that is durable. */
  async redeem(secret: string): Promise<Invite | undefined> {
    const row = await this.#store.write((db) =>
      db
        .query<InviteRow, [number, string]>(
          `UPDATE auth_invite SET used_at = ?1, used = 1
           WHERE hash = ?2 AND used_at IS NULL AND origins IS NULL AND expires_at > ?1 RETURNING *`,
        )
        .get(this.#now(), hashSecret(secret)),
    );
    return row ? inviteOf(row) : undefined;
  }

  /** A page's with this secret, over or not; undefined for what is none. */
  ofPage(secret: string): PageInvite | undefined {
    const row = this.#store.db
      .query<InviteRow, [string]>("SELECT * FROM auth_invite WHERE hash = ? AND origins IS NOT NULL")
      .get(hashSecret(secret));
    return row ? { ...inviteOf(row), isRevoked: row.revoked_at !== null } : undefined;
  }

  /** Whether a page's invite, over or not, names this origin. */
  welcomes(origin: string): boolean {
    const rows = this.#store.db
      .query<{ origins: string }, []>("SELECT origins FROM auth_invite WHERE origins IS NOT NULL")
      .all();
    return rows.some(({ origins }) => (JSON.parse(origins) as readonly string[]).includes(origin));
  }

  /** Counts one visit more, unless there may be none. Resolves when it is durable, with whether it counted. */
  async countVisit(id: string): Promise<boolean> {
    const { changes } = await this.#store.write((db) =>
      db
        .query(
          `UPDATE auth_invite SET used = used + 1, used_at = ?1
           WHERE id = ?2 AND (uses IS NULL OR used < uses) AND revoked_at IS NULL AND expires_at > ?1`,
        )
        .run(this.#now(), id),
    );
    return changes > 0;
  }

  /** One that one person took and that has not ended. */
  current(id: string): Invite | undefined {
    const row = this.#store.db
      .query<InviteRow, [string, number]>(
        "SELECT * FROM auth_invite WHERE id = ? AND used_at IS NOT NULL AND origins IS NULL AND expires_at > ?",
      )
      .get(id, this.#now());
    return row ? inviteOf(row) : undefined;
  }

  /** What a guest may use up in all; nothing of others, and of guests without a limit. */
  allowance(identity: string): Allowance | undefined {
    if (!identity.startsWith("inv_")) return undefined;
    const row = this.#store.db.query<InviteRow, [string]>("SELECT * FROM auth_invite WHERE id = ?").get(identity);
    return row ? inviteOf(row).budget : undefined;
  }

  /** Resolves when it is durable. Throws `not_found`. */
  async remove(id: string): Promise<void> {
    const { changes } = await this.#store.write((db) => {
      const kept = db
        .query("UPDATE auth_invite SET revoked_at = ? WHERE id = ? AND origins IS NOT NULL AND revoked_at IS NULL")
        .run(this.#now(), id);
      if (kept.changes > 0) return kept;
      return db.query("DELETE FROM auth_invite WHERE id = ? AND origins IS NULL").run(id);
    });
    if (changes === 0)
      throw new AlephError("not_found", `No invite "${id}"`, {
        data: { hint: "auth.invites.list shows those that exist" },
      });
  }
}

export function guestGrant({ invite_id, tools }: Invite): Grant {
  return {
    identity: { id: invite_id, kind: "guest" },
    role: "guest",
    scopes: GUEST_SCOPES,
    guest: { sessionKey: guestSessionKey(invite_id), tools },
  };
}

/** The one session that a guest has, by the id of the invite or the visit; nothing of it reaches the disk. */
export function guestSessionKey(id: string): string {
  return buildSessionKey({ form: "ephemeral", agent: "main", id });
}

interface InviteRow {
  readonly id: string;
  readonly tools: string;
  readonly tokens: number | null;
  readonly cost_usd: number | null;
  readonly created_by: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly used_at: number | null;
  readonly origins: string | null;
  readonly uses: number | null;
  readonly used: number;
  readonly revoked_at: number | null;
}

function inviteOf({ id, tools, tokens, cost_usd, origins, uses, used, ...row }: InviteRow): Invite {
  const { created_by, created_at, expires_at, used_at } = row;
  return {
    invite_id: id,
    tools: JSON.parse(tools),
    budget: { tokens, cost_usd },
    created_by,
    created_at,
    expires_at,
    used_at,
    origins: origins === null ? [] : JSON.parse(origins),
    uses: origins === null ? 1 : uses,
    used,
  };
}
