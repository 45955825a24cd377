/** The panel's password: one try after the other, so that many at once get no further than many in a row. */
import { LONGEST_PASSWORD, PASSWORD_FILE, readPasswordHash } from "../config/password-file.ts";
import { describeError, type Log } from "../lib/log.ts";
import { createSerial } from "../lib/serial.ts";
import { watchFolder } from "../lib/watch.ts";
import { AlephError } from "../protocol/errors.ts";
import { fingerprint } from "./secret.ts";

/** Tries that wait for their turn; a hash takes a tenth of a second. */
const WAITING = 8;

export interface PasswordTry {
  /** Before each try, when its turn has come; may throw. */
  readonly before: () => void;
  /** After each wrong one, before the next has its turn. */
  readonly wrong: () => void;
}

export class PasswordCheck {
  readonly #hash: () => string | undefined;
  readonly #serial = createSerial();
  #waiting = 0;

  constructor(hash: () => string | undefined) {
    this.#hash = hash;
  }

  /** Names the password that is set; another one has another name, and so has the same one set again. */
  get credential(): string | undefined {
    const hash = this.#hash();
    return hash === undefined ? undefined : passwordCredential(hash);
  }

  /** The credential, if this is the password. Rejects with `overloaded` when too many are being tried, and as `before` throws. */
  async verify(password: string, { before, wrong }: PasswordTry): Promise<string | undefined> {
    if (this.#waiting >= WAITING) throw new AlephError("overloaded", "Too many logins are being checked");
    this.#waiting++;
    try {
      return await this.#serial(async () => {
        before();
        const hash = this.#hash();
        if (hash !== undefined && password.length <= LONGEST_PASSWORD && (await Bun.password.verify(password, hash))) {
          return passwordCredential(hash);
        }
        wrong();
        return undefined;
      });
    } finally {
      this.#waiting--;
    }
  }
}

/** Tells when the password was set anew or removed, by the credential that ends. */
export function followPassword(
  credentials: string,
  { log, onEnded }: { readonly log: Log; readonly onEnded: (credential: string) => void },
): Disposable {
  let current = readPasswordHash(credentials);
  function look(): void {
    try {
      const next = readPasswordHash(credentials);
      if (next === current) return;
      if (current !== undefined) onEnded(passwordCredential(current));
      current = next;
      log.info(next === undefined ? "the panel's password was removed" : "the panel's password was set");
    } catch (error) {
      log.error("the panel's password cannot be read", describeError(error));
    }
  }
  return watchFolder(credentials, { names: [PASSWORD_FILE], onChange: look, debounceMs: 100 });
}

function passwordCredential(hash: string): string {
  return `password-${fingerprint(hash)}`;
}
