/** How many HTTP requests and new sockets a second: of an identity where one is proved, else of an address. */
import { networkOf } from "../auth/attempts.ts";
import { createBuckets } from "../lib/token-buckets.ts";
import { AlephError } from "../protocol/errors.ts";

export interface HttpRatesOptions {
  /** Asked at each request, so that a reload takes effect at once; 0 is no limit. */
  readonly rate: () => number;
  /** Milliseconds. */
  readonly monotonic: () => number;
}

/** Each throws `rate_limited` when there were too many. */
export interface HttpRates {
  ofIdentity(id: string): void;
  ofAddress(address: string): void;
}

export function createHttpRates({ rate, monotonic }: HttpRatesOptions): HttpRates {
  const identities = createBuckets(monotonic);
  const addresses = createBuckets(monotonic);
  return {
    ofIdentity(id) {
      const most = rate();
      if (most > 0) refuseUnless(identities(id, most), most);
    },
    ofAddress(address) {
      const most = rate();
      if (most > 0) refuseUnless(addresses(networkOf(address), most), most);
    },
  };
}

function refuseUnless(waitMs: number, most: number): void {
  if (waitMs === 0) return;
  throw new AlephError("rate_limited", `More than ${most} HTTP requests a second`, {
    data: { retry_after_ms: waitMs, hint: "[limits.rate].http in config.toml sets the limit" },
  });
}
