import { defineRoute } from "../../sdk/route.ts";
import type { RequestCount } from "../metrics.ts";

/** What is told besides the requests. */
export interface Gauges {
  readonly [name: string]: { readonly help: string; readonly value: number };
}

/** Prometheus text format 0.0.4. The library is loaded at the first scrape: who does not ask does not pay. */
export const metricsRoute = defineRoute<{
  requestCounts: () => readonly Readonly<RequestCount>[];
  gauges: () => Gauges;
}>({
  auth: "loopback",
  async handle({ requestCounts, gauges }) {
    const { Counter, Gauge, Registry } = await import("prom-client");
    const registry = new Registry();
    const registers = [registry];
    const labelNames = ["method", "outcome"];
    const requests = new Counter({
      name: "aleph_rpc_requests_total",
      help: "JSON-RPC requests",
      labelNames,
      registers,
    });
    const seconds = new Counter({
      name: "aleph_rpc_seconds_total",
      help: "Time spent in JSON-RPC requests",
      labelNames,
      registers,
    });
    for (const { method, outcome, count, ms } of requestCounts()) {
      requests.inc({ method, outcome }, count);
      seconds.inc({ method, outcome }, ms / 1000);
    }
    for (const [name, { help, value }] of Object.entries(gauges())) new Gauge({ name, help, registers }).set(value);
    return new Response(await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
  },
});
