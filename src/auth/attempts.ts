/** Limits on failed logins: per address and overall, with a wait that doubles. Loopback has no exemption. */
import { AlephError } from "../protocol/errors.ts";

/** Failures that cost nothing; people mistype. */
const FREE = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** A quiet time after which an address begins anew. */
const FORGET_AFTER_MS = 60 * 60_000;
/** Addresses that are remembered; beyond it the oldest go, and the overall count still holds. */
const REMEMBERED = 10_000;
/** Failures of all addresses together within a minute, after which everyone waits. */
const OVERALL = 100;

interface Record {
  failures: number;
  last: number;
}

export class LoginAttempts {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Record>();
  #overall = { failures: 0, since: 0 };

  /** `now` is monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws `rate_limited` while this address has to wait, also for the right secret: a guesser must not learn. */
  check(address: string): void {
    const now = this.#now();
    const record = this.#byAddress.get(address);
    const until = Math.max(record ? record.last + waitAfter(record.failures) : 0, this.#overallUntil(now));
    if (until <= now) return;
    throw new AlephError("rate_limited", "Too many failed attempts", {
      data: {
        retry_after_ms: Math.ceil(until - now),
        hint: "Wait, then try again with the token from ALEPH_HOME/credentials/token",
      },
    });
  }

  failed(address: string): void {
    const now = this.#now();
    const known = this.#byAddress.get(address);
    const failures = known && now - known.last < FORGET_AFTER_MS ? known.failures + 1 : 1;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { failures, last: now });
    if (this.#byAddress.size > REMEMBERED) this.#byAddress.delete(this.#byAddress.keys().next().value!);
    if (now - this.#overall.since > 60_000) this.#overall = { failures: 0, since: now };
    this.#overall.failures++;
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address);
  }

  #overallUntil(now: number): number {
    const { failures, since } = this.#overall;
    return failures >= OVERALL && now - since <= 60_000 ? since + 60_000 : 0;
  }
}

function waitAfter(failures: number): number {
  return failures < FREE ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE));
}
