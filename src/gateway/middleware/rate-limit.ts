/** Token buckets per identity and kind of request: against runaways and strangers, not against the owner's own clients. */
import { networkOf } from "../../auth/attempts.ts";
import { createBuckets, type TakeOne } from "../../lib/token-buckets.ts";
import { AlephError } from "../../protocol/errors.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import type { AnyMethod, RateClass } from "../../sdk/method.ts";
import type { Exchange, Middleware } from "../pipeline.ts";

export type Rates = Readonly<Record<RateClass, number>>;

/** What a guest gets of everyone's rate. */
const GUEST_SHARE = 0.1;
/** Messages a second of one visitor of somebody's page, and of all from one network; whatever the config says. */
const VISITOR = { rate: 0.2, burst: 5 };
const VISITORS = { rate: 1, burst: 20 };

export interface RateLimitOptions {
  /** Asked at each request, so that a reload takes effect at once. */
  readonly rates: () => Rates;
  readonly monotonic: () => number;
  /** What runs are taken from, of an identity and of a session: the other ways in take from the same. */
  readonly runs: { readonly identities: TakeOne; readonly sessions: TakeOne };
}

export function createRateLimit({ rates, monotonic, runs }: RateLimitOptions): Middleware {
  const identities = createLimits(monotonic, runs.identities);
  const addresses = createLimits(monotonic);
  const sessions = createLimits(monotonic, runs.sessions);
  const visitors = createBuckets(monotonic);
  return (exchange, next) => {
    const { grant, connection } = exchange.call;
    const kind = rateClassOf(exchange.method!);
    const rate = rates()[kind];
    const { guest } = grant ?? {};
    // Visitors share the identity of their invite; none is to use up what is the others'.
    const who = guest?.sessionKey ?? grant?.identity.id;
    if (guest?.isVisitor && kind === "run") {
      refuseUnless(visitors(guest.sessionKey, VISITOR.rate, VISITOR.burst));
      refuseUnless(visitors(networkOf(connection.address), VISITORS.rate, VISITORS.burst));
    } else if (rate > 0) {
      if (who !== undefined) identities(who, kind, grant!.role === "guest" ? rate * GUEST_SHARE : rate);
      else addresses(connection.address, kind, rate);
    }
    // A session has its own, whoever they are that write to it.
    if (rate > 0 && kind === "run") sessions(sessionOf(exchange), kind, rate);
    return next(exchange);
  };
}

function refuseUnless(waitMs: number): void {
  if (waitMs === 0) return;
  throw new AlephError("rate_limited", "More messages than a visitor may send", {
    data: { retry_after_ms: waitMs, hint: "Wait a moment" },
  });
}

/** Takes one from the bucket of `who`; throws `rate_limited` when it is empty. */
function createLimits(
  monotonic: () => number,
  run: TakeOne = createBuckets(monotonic),
): (who: string, kind: RateClass, rate: number) => void {
  const kinds = { read: createBuckets(monotonic), write: createBuckets(monotonic), run };
  return (who, kind, rate) => {
    const waitMs = kinds[kind](who, rate);
    if (waitMs === 0) return;
    throw new AlephError("rate_limited", `More than ${rate} requests of kind "${kind}" a second`, {
      data: { retry_after_ms: waitMs, hint: `[limits.rate].${kind} in config.toml sets the limit` },
    });
  };
}

function rateClassOf(method: AnyMethod): RateClass {
  return method.rate ?? (method.scope === "read" || method.scope === "public" ? "read" : "write");
}

/** As the caller names it; whether there may be such a session is checked later. */
function sessionOf({ params }: Exchange): string {
  const key = typeof params === "object" && params !== null && "session_key" in params ? params.session_key : undefined;
  return typeof key === "string" ? key.slice(0, 512) : MAIN_SESSION_KEY;
}
