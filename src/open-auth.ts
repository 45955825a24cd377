/** The part of the composition root that decides who may in: the owner's token and password, and what hangs on them. */
import { Auth } from "./auth/auth.ts";
import { ownerCredential } from "./auth/credentials.ts";
import { ensureOwnerToken, followOwnerToken, replaceOwnerToken } from "./auth/owner-token.ts";
import { followPassword } from "./auth/password.ts";
import type { Home } from "./config/home.ts";
import { readPasswordHash } from "./config/password-file.ts";
import { describeError, type Log } from "./lib/log.ts";
import type { Bus } from "./sdk/bus.ts";
import type { Store } from "./sdk/store.ts";

export interface OpenAuthOptions {
  readonly home: Home;
  readonly mode: () => "token" | "none";
  readonly store: Store;
  readonly bus: Pick<Bus, "publish">;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** What was opened with the credential is to end. */
  readonly onRevoked: (credential: string) => void;
  /** A guest has gone: runs of the session end, and nothing of it stays. */
  readonly endSession: (sessionKey: string) => Promise<void>;
}

/** Throws `config_invalid` when the owner's token is too short. */
export function openAuth({ home: { credentials }, log, endSession, ...rest }: OpenAuthOptions) {
  const { token: first, path, created } = ensureOwnerToken(credentials);
  let token = first;
  const onRevoked = (credential: string) => {
    // A code is as good as the device that it lets in: it must not outlive what it was made with.
    auth.pairings.endOf(credential);
    rest.onRevoked(credential);
  };
  const auth: Auth = new Auth({
    ...rest,
    ownerToken: () => token,
    replaceOwnerToken() {
      token = replaceOwnerToken(credentials);
      return token;
    },
    passwordHash: () => readPasswordHash(credentials),
    onRevoked,
    onGuestGone(sessionKey) {
      endSession(sessionKey).catch((error: unknown) =>
        log.error("a guest's session could not be ended", describeError(error)),
      );
    },
  });
  return {
    auth,
    ownerToken: () => token,
    tokenFile: { path, created },
    /** From now on a token or password that is replaced by hand counts as well. */
    follow(): Disposable {
      using stack = new DisposableStack();
      stack.use(
        followOwnerToken(credentials, token, {
          log,
          onReplaced(next, previous) {
            token = next;
            onRevoked(ownerCredential(previous));
          },
        }),
      );
      stack.use(followPassword(credentials, { log, onEnded: onRevoked }));
      return stack.move();
    },
  };
}
