import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../metrics.ts";
import type { Middleware } from "../pipeline.ts";
import { createAuthorize } from "./authorize.ts";
import { type ConfineGuestsOptions, createConfineGuests } from "./confine-guests.ts";
import { createMetricsLayer } from "./metrics.ts";
import { createRateLimit, type RateLimitOptions } from "./rate-limit.ts";
import { createTrace } from "./trace.ts";
import { createValidate } from "./validate.ts";

/** The order is part of the contract: trace, metrics, auth (and what guests may), rate limit, validate. */
export function middleware(
  options: RateLimitOptions & ConfineGuestsOptions & { readonly metrics: Metrics; readonly log: Log },
): readonly Middleware[] {
  return [
    createTrace(options),
    createMetricsLayer(options),
    createAuthorize(),
    createConfineGuests(options),
    createRateLimit(options),
    createValidate(),
  ];
}
