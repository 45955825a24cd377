/** Token buckets per identity and kind of request: against runaways and strangers, not against the owner's own clients. */
import { createTokenBucket, type TokenBucket } from "../../lib/token-bucket.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { AnyMethod, RateClass } from "../../sdk/method.ts";
import type { Middleware } from "../pipeline.ts";

export type Rates = Readonly<Record<RateClass, number>>;

/** What a guest gets of everyone's rate. */
const GUEST_SHARE = 0.1;
/** Buckets that are remembered; the one unused for longest goes first. */
const REMEMBERED = 10_000;

interface Held {
  readonly bucket: TokenBucket;
  readonly rate: number;
}

export interface RateLimitOptions {
  /** Asked at each request, so that a reload takes effect at once. */
  readonly rates: () => Rates;
  readonly monotonic: () => number;
}

export function createRateLimit({ rates, monotonic }: RateLimitOptions): Middleware {
  const buckets = new Map<string, Held>();
  return (exchange, next) => {
    const { grant, connection } = exchange.call;
    const kind = rateClassOf(exchange.method!);
    const rate = rates()[kind] * (grant?.role === "guest" ? GUEST_SHARE : 1);
    const key = `${grant?.identity.id ?? connection.address}\n${kind}`;
    let held = buckets.get(key);
    if (!held || held.rate !== rate) {
      held = { bucket: createTokenBucket(rate, monotonic), rate };
      buckets.set(key, held);
      if (buckets.size > REMEMBERED) buckets.delete(buckets.keys().next().value!);
    }
    const waitMs = held.bucket.take();
    if (waitMs > 0) {
      throw new AlephError("rate_limited", `More than ${rate} requests of kind "${kind}" a second`, {
        data: { retry_after_ms: waitMs, hint: `[limits.rate].${kind} in config.toml sets the limit` },
      });
    }
    return next(exchange);
  };
}

function rateClassOf(method: AnyMethod): RateClass {
  return method.rate ?? (method.scope === "read" || method.scope === "public" ? "read" : "write");
}
