/** Tokens beside the owner's: each with a name, scopes of its own and perhaps an end; only their hashes are kept. */
import { createId, createSecret } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Scope } from "../protocol/identity.ts";
import type { Store } from "../sdk/store.ts";
import { hashSecret } from "./secret.ts";

/** How exact `last_used_at` is: not each request is worth a write. */
const USE_NOTED_EVERY_MS = 60_000;

export interface AccessToken {
  readonly token_id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_by: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
}

export interface TokenRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresInMs: number | undefined;
  readonly by: { readonly id: string; readonly scopes: readonly Scope[] };
}

export class Tokens {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  /** Resolves when it is durable; the token itself is told here and never again. Throws `forbidden` for more than the caller has. */
  async create({ name, scopes, expiresInMs, by }: TokenRequest): Promise<{ token_id: string; token: string }> {
    checkScopes(scopes, by.scopes);
    const [id, token, now] = [createId("tok"), createSecret("key"), this.#now()];
    await this.#store.write((db) =>
      db
        .query(
          "INSERT INTO auth_token (id, hash, name, scopes, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(
          id,
          hashSecret(token),
          name,
          JSON.stringify(scopes),
          by.id,
          now,
          expiresInMs === undefined ? null : now + expiresInMs,
        ),
    );
    return { token_id: id, token };
  }

  /**
   * A new secret in place of the old one, which is worth nothing from now on; all else stays. Resolves when it is durable.
   * Throws `not_found`, and `forbidden` for a token that may more than the caller.
   */
  async rotate(id: string, own: readonly Scope[]): Promise<{ token_id: string; token: string }> {
    const token = createSecret("key");
    await this.#store.write((db) => {
      const row = db.query<TokenRow, [string]>("SELECT * FROM auth_token WHERE id = ?").get(id);
      if (!row) throw noToken(id);
      checkScopes(tokenOf(row).scopes, own);
      db.query("UPDATE auth_token SET hash = ?, last_used_at = NULL WHERE id = ?").run(hashSecret(token), id);
    });
    return { token_id: id, token };
  }

  list(): AccessToken[] {
    return this.#store.db
      .query<TokenRow, []>("SELECT * FROM auth_token ORDER BY created_at, id")
      .all()
      .map((row) => tokenOf(row));
  }

  /** The one that this secret is, if it counts now. */
  find(secret: string): AccessToken | undefined {
    const row = this.#store.db
      .query<TokenRow, [string]>("SELECT * FROM auth_token WHERE hash = ?")
      .get(hashSecret(secret));
    return this.#valid(row);
  }

  get(id: string): AccessToken | undefined {
    return this.#valid(this.#store.db.query<TokenRow, [string]>("SELECT * FROM auth_token WHERE id = ?").get(id));
  }

  noteUse({ token_id, last_used_at }: AccessToken): void {
    const now = this.#now();
    if (last_used_at !== null && Math.abs(now - last_used_at) < USE_NOTED_EVERY_MS) return;
    try {
      this.#store.writeRelaxed((db) =>
        db.query("UPDATE auth_token SET last_used_at = ? WHERE id = ?").run(now, token_id),
      );
    } catch (error) {
      // A full disk must not lock anybody out; the store itself tells of it.
      if (!(error instanceof AlephError && error.reason === "storage_failed")) throw error;
    }
  }

  /** Resolves when it is durable. Throws `not_found`. */
  async remove(id: string): Promise<void> {
    const { changes } = await this.#store.write((db) => db.query("DELETE FROM auth_token WHERE id = ?").run(id));
    if (changes === 0) throw noToken(id);
  }

  #valid(row: TokenRow | null): AccessToken | undefined {
    return row && (row.expires_at === null || row.expires_at > this.#now()) ? tokenOf(row) : undefined;
  }
}

function noToken(id: string): AlephError {
  return new AlephError("not_found", `No token "${id}"`, { data: { hint: "auth.tokens.list shows those that exist" } });
}

/** Nobody gives away what they do not have. */
export function checkScopes(wanted: readonly Scope[], own: readonly Scope[]): void {
  const more = wanted.filter((scope) => !own.includes(scope));
  if (more.length === 0) return;
  throw new AlephError("forbidden", "Scopes may not be wider than the caller's own", {
    data: { scopes: more, hint: `You may give: ${own.join(", ")}` },
  });
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: string;
  readonly created_by: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
}

function tokenOf({ id, name, scopes, created_by, created_at, expires_at, last_used_at }: TokenRow): AccessToken {
  return { token_id: id, name, scopes: JSON.parse(scopes), created_by, created_at, expires_at, last_used_at };
}
