/** Who may in: the one place where a credential becomes a grant. */
import { AlephError } from "../protocol/errors.ts";
import { type Grant, OWNER_GRANT } from "../protocol/identity.ts";
import type { Store } from "../sdk/store.ts";
import { LoginAttempts } from "./attempts.ts";
import { type IssuedLogin, Logins } from "./logins.ts";
import { sameSecret } from "./secret.ts";

/** Names the owner's token where a credential is recorded. */
const OWNER_TOKEN = "owner-token";

export interface Authenticated {
  readonly grant: Grant;
  /** What the grant came from. */
  readonly credential: string;
}

export type Credentials = { readonly token: string } | { readonly session_token: string };

export interface AuthOptions {
  readonly mode: () => "token" | "none";
  readonly ownerToken: () => string;
  readonly store: Store;
  readonly now: () => number;
  readonly monotonic: () => number;
}

export class Auth {
  readonly logins: Logins;
  readonly #attempts: LoginAttempts;
  readonly #options: AuthOptions;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#attempts = new LoginAttempts(options.monotonic);
    this.logins = new Logins({ store: options.store, now: options.now });
  }

  get mode(): "token" | "none" {
    return this.#options.mode();
  }

  /** What everyone is who gets through the door when `auth.mode = "none"`. */
  get open(): Authenticated | undefined {
    return this.mode === "none" ? { grant: OWNER_GRANT, credential: "none" } : undefined;
  }

  /**
   * Throws `auth_failed` for a wrong credential and `rate_limited` after too many of them. `address` is counted, never
   * trusted; `cookie` is the panel's, when the request carried one.
   */
  authenticate(
    credentials: Credentials,
    { address, cookie }: { address: string; cookie: string | undefined },
  ): Authenticated {
    this.#attempts.check(address);
    const found =
      "token" in credentials ? this.#byToken(credentials.token) : this.#bySession(credentials.session_token, cookie);
    if (!found) {
      this.#attempts.failed(address);
      throw new AlephError(
        "auth_failed",
        "token" in credentials ? "Token is not valid" : "Session is not valid or has expired",
        {
          data: {
            hint: "token" in credentials ? "It is in ALEPH_HOME/credentials/token on the server" : "Log in again",
          },
        },
      );
    }
    this.#attempts.succeeded(address);
    return found;
  }

  /** For HTTP: `Authorization: Bearer` with a token. Throws `unauthenticated` when there is none, else as `authenticate`. */
  authenticateHeader(header: string | null | undefined, address: string): Authenticated {
    if (this.open) return this.open;
    const [, token] = /^Bearer +(\S+)$/i.exec(header ?? "") ?? [];
    if (!token) {
      throw new AlephError("unauthenticated", "A bearer token is needed", {
        data: { hint: "Send Authorization: Bearer <token>" },
      });
    }
    return this.authenticate({ token }, { address, cookie: undefined });
  }

  issueSession(kind: "panel" | "connect", { grant, credential }: Authenticated): IssuedLogin {
    return this.logins.issue(kind, grant.identity.id, credential);
  }

  #byToken(token: string): Authenticated | undefined {
    return sameSecret(token, this.#options.ownerToken()) ? { grant: OWNER_GRANT, credential: OWNER_TOKEN } : undefined;
  }

  #bySession(token: string, cookie: string | undefined): Authenticated | undefined {
    const login = this.logins.find(token, cookie);
    return login ? { grant: OWNER_GRANT, credential: login.credential } : undefined;
  }
}
