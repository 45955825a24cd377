import * as z from "zod";
import type { OpenBus } from "../../bus/bus.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Runs } from "../../session/runs.ts";

export const runsEvents = defineMethod({
  name: "runs.events",
  summary: "Read the kept events of a run in order",
  scope: "read",
  params: z.strictObject({
    run_id: z.string(),
    after_seq: z.int().min(0).default(0),
    limit: z.int().min(1).max(5000).default(1000),
  }),
  result: z.object({
    events: z.array(
      z.object({ topic: z.string(), seq: z.number(), ts: z.number(), data: z.record(z.string(), z.unknown()) }),
    ),
  }),
  handle({ runs, bus }: { runs: Pick<Runs, "get">; bus: Pick<OpenBus, "ofRun"> }, { run_id, after_seq, limit }) {
    runs.get(run_id);
    return { events: bus.ofRun(run_id, after_seq, limit).map((event) => ({ ...event, data: { ...event.data } })) };
  },
});
