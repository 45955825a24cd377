/** Tells at level debug how long each request took, under the number that its other log lines bear. */
import type { Log } from "../../lib/log.ts";
import { type Middleware, observe } from "../pipeline.ts";

export function createTrace({ log, monotonic }: { log: Log; monotonic: () => number }): Middleware {
  return (exchange, next) => {
    if (!log.writes("debug")) return next(exchange);
    const began = monotonic();
    return observe(exchange, next, () =>
      log.debug("request handled", {
        trace: exchange.call.traceId,
        method: exchange.method?.name ?? "unknown",
        ms: Math.round((monotonic() - began) * 100) / 100,
      }),
    );
  };
}
