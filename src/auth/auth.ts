/** Who may in: the one place where a credential becomes a grant. */
import { AlephError } from "../protocol/errors.ts";
import { OWNER_GRANT } from "../protocol/identity.ts";
import type { Rights } from "../sdk/connection.ts";
import type { Store } from "../sdk/store.ts";
import { LoginAttempts } from "./attempts.ts";
import { type IssuedLogin, type Login, Logins } from "./logins.ts";
import { fingerprint, sameSecret } from "./secret.ts";

export type Credentials = { readonly token: string } | { readonly session_token: string };

export interface AuthOptions {
  readonly mode: () => "token" | "none";
  /** Asked at each use: a new token counts from the next request on. */
  readonly ownerToken: () => string;
  readonly store: Store;
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Told which credential is no longer worth anything: what was opened with it ends. */
  readonly onRevoked: (credential: string) => void;
}

export class Auth {
  readonly logins: Logins;
  readonly #attempts: LoginAttempts;
  readonly #options: AuthOptions;
  /** What the owner's token gives: its credential is hashed once and not with each request. */
  #owner: { readonly token: string; readonly rights: Rights } | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#attempts = new LoginAttempts(options.monotonic);
    this.logins = new Logins({ store: options.store, now: options.now });
  }

  get mode(): "token" | "none" {
    return this.#options.mode();
  }

  /** What everyone is who gets through the door when `auth.mode = "none"`. */
  get open(): Rights | undefined {
    return this.mode === "none" ? { grant: OWNER_GRANT, credentials: ["none"] } : undefined;
  }

  /**
   * Throws `auth_failed` for a wrong credential and `rate_limited` after too many of them. `address` is counted, never
   * trusted; `cookie` is the panel's, when the request carried one.
   */
  authenticate(credentials: Credentials, { address, cookie }: { address: string; cookie: string | undefined }): Rights {
    this.#attempts.check(address);
    const isToken = "token" in credentials;
    const found = isToken ? this.#byToken(credentials.token) : this.#bySession(credentials.session_token, cookie);
    if (found) return found;
    this.#attempts.failed(address);
    throw new AlephError("auth_failed", isToken ? "Token is not valid" : "Session is not valid or has expired", {
      data: { hint: isToken ? "It is in ALEPH_HOME/credentials/token on the server" : "Log in again" },
    });
  }

  /** For HTTP: `Authorization: Bearer` with a token. Throws `unauthenticated` when there is none, else as `authenticate`. */
  authenticateHeader(header: string | null | undefined, address: string): Rights {
    if (this.open) return this.open;
    const token = bearerOf(header ?? "");
    if (!token) {
      throw new AlephError("unauthenticated", "A bearer token is needed", {
        data: { hint: "Send Authorization: Bearer <token>" },
      });
    }
    return this.authenticate({ token }, { address, cookie: undefined });
  }

  /** Ends with the credential that `rights` came from. */
  issueSession(kind: Login["kind"], { grant, credentials }: Rights): IssuedLogin {
    return this.logins.issue(kind, grant.identity.id, credentials[0]!);
  }

  /** Ends the panel's login with this cookie and what was opened with it; harmless when there is none. */
  async logOut(cookie: string): Promise<void> {
    const ended = await this.logins.endByCookie(cookie);
    if (ended) this.#options.onRevoked(ended.id);
  }

  #byToken(token: string): Rights | undefined {
    const expected = this.#options.ownerToken();
    if (!sameSecret(token, expected)) return undefined;
    if (this.#owner?.token !== expected) {
      this.#owner = { token: expected, rights: { grant: OWNER_GRANT, credentials: [ownerCredential(expected)] } };
    }
    return this.#owner.rights;
  }

  #bySession(token: string, cookie: string | undefined): Rights | undefined {
    const login = this.logins.find(token, cookie);
    if (login?.credential !== ownerCredential(this.#options.ownerToken())) return undefined;
    return { grant: OWNER_GRANT, credentials: [login.credential, login.id] };
  }
}

/** RFC 6750 §2.1; undefined when the header says something else. */
function bearerOf(header: string): string | undefined {
  if (header.startsWith("Bearer ") && !header.includes(" ", 7)) return header.slice(7);
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}

/** Names the owner's token; another token has another name, so that what came from the old one is worth nothing. */
export function ownerCredential(token: string): string {
  return `owner-${fingerprint(token)}`;
}
