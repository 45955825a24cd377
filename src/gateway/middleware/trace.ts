/** A log of its own for each request, and at level debug a line with how long it took. */
import type { Middleware } from "../pipeline.ts";

export function createTrace(): Middleware {
  return async (exchange, next) => {
    const log = exchange.call.log.child({ trace: exchange.call.traceId, method: exchange.name });
    const began = performance.now();
    try {
      return await next({ ...exchange, call: { ...exchange.call, log } });
    } finally {
      log.debug("request handled", { ms: Math.round((performance.now() - began) * 100) / 100 });
    }
  };
}
