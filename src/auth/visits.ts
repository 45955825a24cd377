/**
 * Visits: who talks to Aleph from a page that carries an invite. Each has a session of its own, kept in memory and gone
 * shortly after the visitor; all of an invite share its allowance, and one network gets only a part of the places.
 */
import { createId, createSecret } from "../lib/id.ts";
import { createBuckets, type TakeOne } from "../lib/token-buckets.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Rights } from "../sdk/connection.ts";
import { networkOf } from "./attempts.ts";
import { guestCredential } from "./credentials.ts";
import { guestGrant, guestSessionKey, type Invites, type PageInvite } from "./invites.ts";
import { hashSecret } from "./secret.ts";

/** How long a visitor may be away: another page of the site, a tunnel on the way. */
const AWAY_MS = 5 * 60_000;
/** Visits of one invite at the same time, and of one network among them. */
const MOST = 500;
const MOST_OF_ONE = 20;
/** New visits of one network: so many at once, then one in so many seconds. */
const BURST = 10;
const ONE_EACH_S = 10;

export interface VisitsOptions {
  readonly invites: Invites;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly onRevoked: (credential: string) => void;
  readonly onGuestGone: (sessionKey: string) => void;
}

/** Whose visit it is. */
export interface Visitor {
  /** The page's, as its browser says. */
  readonly origin: string | undefined;
  readonly address: string;
  /** What an earlier answer called `visit`: that visit goes on if it still can. */
  readonly visit?: string | undefined;
  /** Aborts when the visitor's connection has ended. */
  readonly ended: AbortSignal;
}

/** `visit` opens the same visit again. */
export type VisitRights = Rights & { readonly visit: string };

interface Visit {
  readonly id: string;
  readonly invite: PageInvite;
  readonly network: string;
  connections: number;
  /** By the monotonic clock. */
  leftAt: number;
}

export class Visits {
  readonly #o: VisitsOptions;
  /** By the hash of what the visitor holds. */
  readonly #visits = new Map<string, Visit>();
  readonly #networks: TakeOne;

  constructor(options: VisitsOptions) {
    this.#o = options;
    this.#networks = createBuckets(options.monotonic);
  }

  /** Whether a page of this origin may say which invite it has. */
  welcomes(origin: string): boolean {
    return this.#o.invites.welcomes(origin);
  }

  /**
   * Undefined when the secret is no page's invite. Rejects with `auth_failed` and in `data.why` why the invite lets nobody
   * in, with `rate_limited` or `overloaded` where there are too many.
   */
  open(secret: string, visitor: Visitor): Promise<VisitRights> | undefined {
    const invite = this.#o.invites.ofPage(secret);
    return invite && this.#enter(invite, visitor);
  }

  /** Ends the visits of an invite: nothing of their conversations stays. */
  endOf(inviteId: string): void {
    for (const [key, visit] of this.#visits) if (visit.invite.invite_id === inviteId) this.#end(key, visit);
  }

  /** To be called now and then: ends the visits of those who went, and of invites whose time is over. */
  sweep(): void {
    const [now, at] = [this.#o.now(), this.#o.monotonic()];
    for (const [key, visit] of this.#visits) {
      const isGone = visit.connections === 0 && at - visit.leftAt >= AWAY_MS;
      if (isGone || visit.invite.expires_at <= now) this.#end(key, visit);
    }
  }

  async #enter(invite: PageInvite, { origin, address, visit: token, ended }: Visitor): Promise<VisitRights> {
    const { invite_id, origins, uses, used, expires_at, isRevoked } = invite;
    if (origin === undefined || !origins.includes(origin)) throw refused("origin");
    if (isRevoked) throw refused("revoked");
    if (expires_at <= this.#o.now()) throw refused("expired");
    const known = token === undefined ? undefined : this.#visits.get(hashSecret(token));
    if (known?.invite.invite_id === invite_id) {
      // Whoever comes again has lost the line that he had.
      this.#o.onRevoked(visitCredential(known.id));
      return this.#attach(known, token!, ended);
    }
    if (uses !== null && used >= uses) throw refused("used_up");
    const network = networkOf(address);
    this.#refuseCrowd(invite_id, network);
    const fresh = createSecret("vis");
    const key = hashSecret(fresh);
    const visit: Visit = { id: createId("vis"), invite, network, connections: 0, leftAt: this.#o.monotonic() };
    // It has its place before it is counted: those who come meanwhile find one place less.
    this.#visits.set(key, visit);
    try {
      if (!(await this.#o.invites.countVisit(invite_id))) throw refused("used_up");
    } catch (thrown) {
      this.#visits.delete(key);
      throw thrown;
    }
    if (!this.#visits.has(key)) throw refused("revoked");
    return this.#attach(visit, fresh, ended);
  }

  #attach(visit: Visit, token: string, ended: AbortSignal): VisitRights {
    const leave = () => {
      visit.connections--;
      visit.leftAt = this.#o.monotonic();
    };
    visit.connections++;
    if (ended.aborted) leave();
    else ended.addEventListener("abort", leave, { once: true });
    const grant = guestGrant(visit.invite);
    return {
      grant: { ...grant, guest: { ...grant.guest!, sessionKey: guestSessionKey(visit.id), isVisitor: true } },
      credentials: [guestCredential(visit.invite.invite_id), visitCredential(visit.id)],
      expiresAt: visit.invite.expires_at,
      visit: token,
    };
  }

  #refuseCrowd(inviteId: string, network: string): void {
    const all = [...this.#visits.values()].filter(({ invite }) => invite.invite_id === inviteId);
    const near = all.filter((visit) => visit.network === network);
    if (all.length >= MOST || near.length >= MOST_OF_ONE) {
      throw new AlephError("overloaded", "Too many visitors are here", { data: { hint: "Try again in some minutes" } });
    }
    const waitMs = this.#networks(network, 1 / ONE_EACH_S, BURST);
    if (waitMs === 0) return;
    throw new AlephError("rate_limited", "Too many visits from one network", { data: { retry_after_ms: waitMs } });
  }

  #end(key: string, visit: Visit): void {
    this.#visits.delete(key);
    this.#o.onRevoked(visitCredential(visit.id));
    this.#o.onGuestGone(guestSessionKey(visit.id));
  }
}

function visitCredential(id: string): string {
  return `visit ${id}`;
}

const WHY = {
  origin: "The invite is not for pages of this origin",
  revoked: "The invite was revoked",
  expired: "The invite has expired",
  used_up: "The invite has let in as many visitors as it may",
} as const;

/** Whoever knows the invite may know what became of it; it is no guess and is not counted as one. */
function refused(why: keyof typeof WHY): AlephError {
  return new AlephError("auth_failed", WHY[why], { data: { why, hint: "Ask the owner of the page" } });
}
