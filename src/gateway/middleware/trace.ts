/** Tells at level debug how long each request took, under the number that its other log lines bear. */
import type { Log } from "../../lib/log.ts";
import { type Middleware, type Observer, observe } from "../pipeline.ts";

export function createTrace({ log, monotonic }: { log: Log; monotonic: () => number }): Middleware {
  const tell: Observer = ({ method, call }, began) =>
    log.debug("request handled", {
      trace: call.traceId,
      method: method?.name ?? "unknown",
      ms: Math.round((monotonic() - began) * 100) / 100,
    });
  return (exchange, next) => (log.writes("debug") ? observe(exchange, next, monotonic(), tell) : next(exchange));
}
