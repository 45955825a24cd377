import * as z from "zod";
import type { Cassettes } from "../../cassette/cassettes.ts";
import { runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";

export const runsReplay = defineMethod({
  name: "runs.replay",
  summary: "Play a recorded run once more, offline, and tell what is not as it was",
  scope: "read",
  rate: "run",
  params: z.strictObject({ run_id: z.string() }),
  result: z.object({
    run_id: z.string(),
    status: runStatus.or(z.literal("suspended")),
    text: z.string(),
    events: z.array(z.object({ topic: z.string(), data: z.record(z.string(), z.unknown()) })),
    compared_events: z.boolean().describe("false when the run's own events are not kept any more"),
    differences: z.array(
      z.object({ where: z.string(), path: z.string(), recorded: z.unknown(), replayed: z.unknown() }),
    ),
  }),
  async handle({ cassettes }: { cassettes: () => Promise<Pick<Cassettes, "replay">> }, { run_id }) {
    const { status, events, differences, ...rest } = await (await cassettes()).replay(run_id);
    return {
      run_id,
      status: status as z.output<typeof runStatus>,
      ...rest,
      events: events.map(({ topic, data }) => ({ topic, data: { ...data } })),
      differences: differences.map((difference) => ({ ...difference })),
    };
  },
});
