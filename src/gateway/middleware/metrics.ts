/** Counts requests and adds up their time, by method and outcome. */
import { AlephError } from "../../protocol/errors.ts";
import type { Metrics } from "../metrics.ts";
import { type Middleware, type Observer, observe } from "../pipeline.ts";

export interface MetricsOptions {
  readonly metrics: Metrics;
  readonly monotonic: () => number;
}

export function createMetricsLayer({ metrics, monotonic }: MetricsOptions): Middleware {
  const count: Observer = ({ method }, began, failure) => {
    const outcome = failure ? AlephError.from(failure.thrown).reason : "ok";
    // An unknown name is the caller's text: it must not become a label.
    metrics.request(method?.name ?? "unknown", outcome, monotonic() - began);
  };
  return (exchange, next) => observe(exchange, next, monotonic(), count);
}
