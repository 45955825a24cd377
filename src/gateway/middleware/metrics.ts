/** Counts requests and adds up their time, by method and outcome. */
import { AlephError } from "../../protocol/errors.ts";
import type { Metrics } from "../metrics.ts";
import type { Middleware } from "../pipeline.ts";

export function createMetricsLayer({ metrics }: { metrics: Metrics }): Middleware {
  return async (exchange, next) => {
    // An unknown name is the caller's text: it must not become a label.
    const name = exchange.method?.name ?? "unknown";
    const began = performance.now();
    try {
      const result = await next(exchange);
      metrics.request(name, "ok", performance.now() - began);
      return result;
    } catch (error) {
      metrics.request(name, AlephError.from(error).reason, performance.now() - began);
      throw error;
    }
  };
}
