import { defineRoute } from "../../sdk/route.ts";
import type { RequestCount } from "../metrics.ts";

/** What is told besides the requests. */
export interface Gauges {
  readonly [name: string]: { readonly help: string; readonly value: number };
}

/** Requests to providers; the providers know more of each. */
interface AttemptCount {
  readonly provider: string;
  readonly key: string;
  readonly outcome: string;
  readonly count: number;
  readonly ms: number;
}

/** Prometheus text format 0.0.4. The library is loaded at the first scrape: who does not ask does not pay. */
export const metricsRoute = defineRoute<{
  requestCounts: () => readonly Readonly<RequestCount>[];
  attemptCounts: () => readonly AttemptCount[];
  gauges: () => Gauges;
}>({
  auth: "loopback",
  async handle({ requestCounts, attemptCounts, gauges }) {
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
    const attemptLabels = ["provider", "key", "outcome"];
    const attempts = new Counter({
      name: "aleph_provider_requests_total",
      help: "Requests to providers of models; the key is its place in the provider's table",
      labelNames: attemptLabels,
      registers,
    });
    const attemptSeconds = new Counter({
      name: "aleph_provider_seconds_total",
      help: "Time spent in requests to providers of models",
      labelNames: attemptLabels,
      registers,
    });
    for (const { provider, key, outcome, count, ms } of attemptCounts()) {
      attempts.inc({ provider, key, outcome }, count);
      attemptSeconds.inc({ provider, key, outcome }, ms / 1000);
    }
    for (const [name, { help, value }] of Object.entries(gauges())) new Gauge({ name, help, registers }).set(value);
    return new Response(await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
  },
});
