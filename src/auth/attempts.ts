/**
 * Limits on failed logins: per address and overall, with a wait that doubles. Loopback has no exemption, and a success
 * forgives nothing: otherwise whoever shares an address with the owner could guess between two of the owner's logins.
 */
import { AlephError } from "../protocol/errors.ts";

interface Limit {
  /** Failures that cost nothing; people mistype. */
  readonly free: number;
  readonly longestWaitMs: number;
}

const PER_ADDRESS: Limit = { free: 5, longestWaitMs: 15 * 60_000 };
/** Against guessing from many addresses. Short enough that the owner gets a turn while someone else goes on and on. */
const OVERALL: Limit = { free: 100, longestWaitMs: 60_000 };
const FIRST_WAIT_MS = 1_000;
/** Against guessing a password from many addresses: no more than 20 tries an hour, also in the first. */
const PER_ACCOUNT: Limit = { free: 5, longestWaitMs: 15 * 60_000 };
/** A quiet time after which everything begins anew. */
const FORGET_AFTER_MS = 60 * 60_000;
/** Addresses that are remembered; beyond it the oldest go, and the overall count still holds. */
const REMEMBERED = 10_000;

interface Failures {
  readonly count: number;
  readonly last: number;
}

const NONE: Failures = { count: 0, last: Number.NEGATIVE_INFINITY };

export class LoginAttempts {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Failures>();
  #overall = NONE;
  #account = NONE;

  /** `now` is monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether nobody has failed yet: then no address has to wait. */
  get isQuiet(): boolean {
    return this.#overall === NONE;
  }

  /** Throws `rate_limited` while this address has to wait, also for the right secret: a guesser must not learn. */
  check(address: string): void {
    const now = this.#now();
    const own = this.#byAddress.get(networkOf(address)) ?? NONE;
    const until = Math.max(endOfWait(own, PER_ADDRESS), endOfWait(this.#overall, OVERALL));
    refuseUntil(until, now);
  }

  /** Throws `rate_limited` while nobody may try the owner's password, wherever from. The token is not concerned. */
  checkAccount(): void {
    refuseUntil(endOfWait(this.#account, PER_ACCOUNT), this.#now());
  }

  /** A wrong password: counted for the account, beside what `failed` counts. */
  failedAccount(): void {
    this.#account = oneMore(this.#account, this.#now());
  }

  failed(address: string): void {
    const now = this.#now();
    const network = networkOf(address);
    const own = this.#byAddress.get(network) ?? NONE;
    this.#byAddress.delete(network);
    this.#byAddress.set(network, oneMore(own, now));
    if (this.#byAddress.size > REMEMBERED) this.#byAddress.delete(this.#byAddress.keys().next().value!);
    this.#overall = oneMore(this.#overall, now);
  }
}

function refuseUntil(until: number, now: number): void {
  if (until <= now) return;
  throw new AlephError("rate_limited", "Too many failed attempts", {
    data: {
      retry_after_ms: Math.ceil(until - now),
      hint: "Wait, then try again with the token from ALEPH_HOME/credentials/token",
    },
  });
}

function oneMore({ count, last }: Failures, now: number): Failures {
  return { count: now - last < FORGET_AFTER_MS ? count + 1 : 1, last: now };
}

function endOfWait({ count, last }: Failures, { free, longestWaitMs }: Limit): number {
  return count < free ? Number.NEGATIVE_INFINITY : last + Math.min(longestWaitMs, FIRST_WAIT_MS * 2 ** (count - free));
}

/** One customer has a whole /64 of IPv6: an address of it is no more than a port. */
export function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
