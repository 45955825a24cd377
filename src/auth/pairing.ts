/** Devices that ask to be let in: each waits with a short code until an operator answers, for ten minutes and in memory. */
import { createId } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Scope } from "../protocol/identity.ts";
import { networkOf } from "./attempts.ts";
import { sameSecret } from "./secret.ts";

const LASTS_MS = 10 * 60_000;
const PER_ADDRESS = 3;
const OVERALL = 10;
/** No 0, 1, I, L, O, U: what is read from one screen is typed at another. */
const LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 8;

export interface PairingRequest {
  readonly deviceId: string;
  readonly name: string;
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

export class Pairings {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #pending = new Map<string, Kept>();

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
    const pairing = { ...wanted, id: createId("pair"), code: createCode(), expiresAt: this.#now() + LASTS_MS };
    this.#pending.set(pairing.id, { pairing, until: this.#monotonic() + LASTS_MS });
    return { pairing, isNew: true };
  }

  list(): PendingPairing[] {
    this.#forgetOld();
    return [...this.#pending.values()].map(({ pairing }) => pairing);
  }

  /** By id or by code; all codes are looked at, each in the same time. */
  find(idOrCode: string): PendingPairing | undefined {
    const code = idOrCode.toUpperCase().replace(/[\s-]/g, "");
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
  }
}

function asksSame(a: PairingRequest, b: PairingRequest): boolean {
  return a.role === b.role && a.name === b.name && a.scopes.join() === b.scopes.join();
}

/** Each letter with the same chance: bytes above the last whole multiple are thrown away. */
function createCode(): string {
  const limit = 256 - (256 % LETTERS.length);
  let code = "";
  while (code.length < CODE_LENGTH) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < limit) code += LETTERS[byte % LETTERS.length];
  }
  return code;
}
