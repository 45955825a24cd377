/**
 * Devices that ask to be let in: each waits with a short code until an operator answers, for ten minutes and in memory. Or
 * the other way round: an operator makes a code beforehand, and the device that brings it is let in at once.
 */
import { createId } from "../lib/id.ts";
import { canonicalShortCode, createShortCode } from "../lib/short-code.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Scope } from "../protocol/identity.ts";
import { networkOf } from "./attempts.ts";
import { sameSecret } from "./secret.ts";

const LASTS_MS = 10 * 60_000;
const PER_ADDRESS = 3;
const OVERALL = 10;
/** Codes that were made beforehand and wait for their device. */
const PREPARED = 10;
/** Codes that nobody has, tried by whomever: then those that were made beforehand are worth nothing any more. */
const WRONG_CODES = 10;

export interface PairingRequest {
  readonly deviceId: string;
  readonly name: string;
  /** What it says that it runs on. */
  readonly platform?: string | undefined;
  readonly role: "operator" | "node";
  readonly scopes: readonly Scope[];
  readonly address: string;
}

export interface PendingPairing extends PairingRequest {
  readonly id: string;
  readonly code: string;
  /** Unix milliseconds, for people; what counts is the monotonic clock. */
  readonly expiresAt: number;
}

interface Kept {
  readonly pairing: PendingPairing;
  readonly until: number;
}

/** What the device that brings a code gets. */
export interface PreparedPairing {
  readonly id: string;
  readonly role: "operator" | "node";
  readonly scopes: readonly Scope[];
  /** Who made the code. */
  readonly by: string;
  /** What the maker's rights came from: the code ends with each of them. */
  readonly credentials: readonly string[];
  /** Unix milliseconds, for people; what counts is the monotonic clock. */
  readonly expiresAt: number;
}

interface KeptCode {
  readonly code: string;
  readonly prepared: PreparedPairing;
  readonly until: number;
}

export class Pairings {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #pending = new Map<string, Kept>();
  #codes: readonly KeptCode[] = [];
  #wrongCodes = 0;

  constructor({ now, monotonic }: { now: () => number; monotonic: () => number }) {
    this.#now = now;
    this.#monotonic = monotonic;
  }

  /** The same device asking for the same has the same code for as long as it waits. Throws `rate_limited` when too many wait. */
  request(wanted: PairingRequest): { readonly pairing: PendingPairing; readonly isNew: boolean } {
    this.#forgetOld();
    const waiting = [...this.#pending.values()];
    const known = waiting.find(({ pairing }) => pairing.deviceId === wanted.deviceId);
    if (known && asksSame(known.pairing, wanted)) return { pairing: known.pairing, isNew: false };
    // What was shown to the operator is what is approved: another wish is another request.
    if (known) this.#pending.delete(known.pairing.id);
    const others = waiting.filter((kept) => kept !== known);
    const network = networkOf(wanted.address);
    const near = others.filter(({ pairing }) => networkOf(pairing.address) === network);
    const full = near.length >= PER_ADDRESS ? near : others.length >= OVERALL ? others : undefined;
    if (full) {
      const retry = Math.ceil(Math.min(...full.map(({ until }) => until)) - this.#monotonic());
      throw new AlephError("rate_limited", "Too many devices wait to be approved", {
        data: { retry_after_ms: retry, hint: "Approve or reject those that wait: auth.pairing.list" },
      });
    }
    const pairing = { ...wanted, id: createId("pair"), code: createShortCode(), expiresAt: this.#now() + LASTS_MS };
    this.#pending.set(pairing.id, { pairing, until: this.#monotonic() + LASTS_MS });
    return { pairing, isNew: true };
  }

  list(): PendingPairing[] {
    this.#forgetOld();
    return [...this.#pending.values()].map(({ pairing }) => pairing);
  }

  /** A code for a device that has not asked yet. Throws `rate_limited` when too many wait for theirs. */
  prepare(
    given: Pick<PreparedPairing, "role" | "scopes" | "by" | "credentials">,
    lastsMs: number = LASTS_MS,
  ): { readonly code: string; readonly expiresAt: number } {
    this.#forgetOld();
    if (this.#codes.length >= PREPARED) {
      const retry = Math.ceil(Math.min(...this.#codes.map(({ until }) => until)) - this.#monotonic());
      throw new AlephError("rate_limited", `${PREPARED} codes wait for their device`, {
        data: { retry_after_ms: retry, hint: "Use one of them, or wait until they have expired" },
      });
    }
    const code = createShortCode();
    const prepared = { ...given, id: createId("pair"), expiresAt: this.#now() + lastsMs };
    this.#codes = [...this.#codes, { code, prepared, until: this.#monotonic() + lastsMs }];
    return { code, expiresAt: prepared.expiresAt };
  }

  /** What this code gives, which it then never does again. Too many wrong ones end all that wait. */
  redeem(typed: string): PreparedPairing | undefined {
    this.#forgetOld();
    const code = canonicalShortCode(typed);
    const found = this.#codes.reduce<KeptCode | undefined>(
      (last, kept) => (sameSecret(kept.code, code) ? kept : last),
      undefined,
    );
    if (found) this.#codes = this.#codes.filter((kept) => kept !== found);
    else if (this.#codes.length > 0 && ++this.#wrongCodes >= WRONG_CODES) this.#codes = [];
    if (this.#codes.length === 0) this.#wrongCodes = 0;
    return found?.prepared;
  }

  /** Ends the codes that were made with this credential. */
  endOf(credential: string): void {
    this.#codes = this.#codes.filter(({ prepared }) => !prepared.credentials.includes(credential));
  }

  /** By id or by code; all codes are looked at, each in the same time. */
  find(idOrCode: string): PendingPairing | undefined {
    const code = canonicalShortCode(idOrCode);
    return this.list().reduce<PendingPairing | undefined>((found, pairing) => {
      const fits = sameSecret(pairing.code, code) || pairing.id === idOrCode;
      return fits ? pairing : found;
    }, undefined);
  }

  /** Whether it still waited: of two answers only one counts. */
  take(id: string): boolean {
    this.#forgetOld();
    return this.#pending.delete(id);
  }

  #forgetOld(): void {
    const now = this.#monotonic();
    for (const [id, { until }] of this.#pending) if (until <= now) this.#pending.delete(id);
    if (this.#codes.some(({ until }) => until <= now)) this.#codes = this.#codes.filter(({ until }) => until > now);
  }
}

function asksSame(a: PairingRequest, b: PairingRequest): boolean {
  return a.role === b.role && a.name === b.name && a.scopes.join() === b.scopes.join();
}
