/** What a successful login or handshake leaves behind: session tokens, kept as hashes, with an end. */
import { createSecret } from "../lib/id.ts";
import type { Store } from "../sdk/store.ts";
import { fingerprint, hashSecret } from "./secret.ts";

/** Between two looks for logins whose time is over; each is a pass over all of them. */
const SWEEP_EVERY_MS = 60_000;
const LASTS_MS = { connect: 24 * 60 * 60 * 1000, panel: 30 * 24 * 60 * 60 * 1000 } as const;

export interface Login {
  /** Names the login and tells nothing of its secrets. */
  readonly id: string;
  readonly identity: string;
  /** What it came from; revoking that ends the login. */
  readonly credential: string;
  readonly kind: "panel" | "connect";
  readonly expiresAt: number;
}

export interface IssuedLogin {
  readonly token: string;
  /** Of a panel login: goes into the HttpOnly cookie and must come along with the token. */
  readonly cookie: string | undefined;
  readonly expiresAt: number;
}

export class Logins {
  readonly #store: Store;
  readonly #now: () => number;
  #sweptAt = 0;

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  /** Lasts as long as its kind does, or until `until`. */
  issue(
    kind: Login["kind"],
    {
      identity,
      credential,
      until,
    }: { readonly identity: string; readonly credential: string; readonly until?: number | undefined },
  ): IssuedLogin {
    const token = createSecret("ses");
    const cookie = kind === "panel" ? createSecret("web") : undefined;
    const now = this.#now();
    const expiresAt = until ?? now + LASTS_MS[kind];
    const sweeps = now - this.#sweptAt >= SWEEP_EVERY_MS;
    this.#store.writeRelaxed((db) => {
      if (sweeps) db.query("DELETE FROM auth_session WHERE expires_at < ?").run(now);
      db.query(
        "INSERT INTO auth_session (hash, kind, cookie_hash, identity, credential, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ).run(hashSecret(token), kind, cookie ? hashSecret(cookie) : null, identity, credential, now, expiresAt);
    });
    if (sweeps) this.#sweptAt = now;
    return { token, cookie, expiresAt };
  }

  /** The login that this token stands for, if it is valid now; a panel's only together with its own cookie. */
  find(token: string, cookie: string | undefined): Login | undefined {
    const row = this.#store.db
      .query<LoginRow, [string, number]>("SELECT * FROM auth_session WHERE hash = ? AND expires_at > ?")
      .get(hashSecret(token), this.#now());
    if (!row) return undefined;
    if (row.cookie_hash !== null && (cookie === undefined || hashSecret(cookie) !== row.cookie_hash)) return undefined;
    return loginOf(row);
  }

  /** Ends what came from this credential, so that it does not count again when there is one of that name again. */
  async endOf(credential: string): Promise<void> {
    await this.#store.write((db) => db.query("DELETE FROM auth_session WHERE credential = ?").run(credential));
  }

  /** Ends every login of an identity. Resolves when it is durable, with those that have ended. */
  async endAll(identity: string): Promise<Login[]> {
    const rows = await this.#store.write((db) =>
      db.query<LoginRow, [string]>("DELETE FROM auth_session WHERE identity = ? RETURNING *").all(identity),
    );
    return rows.map((row) => loginOf(row));
  }

  /** The login that a panel's cookie is half of, if it is valid now. */
  byCookie(cookie: string): Login | undefined {
    const row = this.#store.db
      .query<LoginRow, [string, number]>("SELECT * FROM auth_session WHERE cookie_hash = ? AND expires_at > ?")
      .get(hashSecret(cookie), this.#now());
    return row ? loginOf(row) : undefined;
  }

  /** Resolves when it is durable, with the login that has ended, if there was one. */
  async endByCookie(cookie: string): Promise<Login | undefined> {
    const row = await this.#store.write((db) =>
      db
        .query<LoginRow, [string]>("DELETE FROM auth_session WHERE cookie_hash = ? RETURNING *")
        .get(hashSecret(cookie)),
    );
    return row ? loginOf(row) : undefined;
  }
}

interface LoginRow {
  readonly hash: string;
  readonly kind: Login["kind"];
  readonly cookie_hash: string | null;
  readonly identity: string;
  readonly credential: string;
  readonly expires_at: number;
}

function loginOf({ hash, kind, identity, credential, expires_at }: LoginRow): Login {
  return { id: `login-${fingerprint(hash)}`, identity, credential, kind, expiresAt: expires_at };
}
