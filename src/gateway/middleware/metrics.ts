/** Counts requests and adds up their time, by method and outcome. */
import { AlephError } from "../../protocol/errors.ts";
import type { Metrics } from "../metrics.ts";
import { type Middleware, observe } from "../pipeline.ts";

export interface MetricsOptions {
  readonly metrics: Metrics;
  readonly monotonic: () => number;
}

export function createMetricsLayer({ metrics, monotonic }: MetricsOptions): Middleware {
  return (exchange, next) => {
    // An unknown name is the caller's text: it must not become a label.
    const name = exchange.method?.name ?? "unknown";
    const began = monotonic();
    return observe(exchange, next, (failure) =>
      metrics.request(name, failure ? AlephError.from(failure.thrown).reason : "ok", monotonic() - began),
    );
  };
}
