/** Counts requests and adds up their time, by method and outcome. */
import { AlephError } from "../../protocol/errors.ts";
import type { Metrics } from "../metrics.ts";
import { type Middleware, observe } from "../pipeline.ts";

export function createMetricsLayer({ metrics }: { metrics: Metrics }): Middleware {
  return (exchange, next) => {
    // An unknown name is the caller's text: it must not become a label.
    const name = exchange.method?.name ?? "unknown";
    const began = performance.now();
    return observe(exchange, next, (failure) =>
      metrics.request(name, failure ? AlephError.from(failure.thrown).reason : "ok", performance.now() - began),
    );
  };
}
