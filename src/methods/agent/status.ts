import * as z from "zod";
import { run } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";
import { type Runs, toWireRun } from "../../session/runs.ts";

export const agentStatus = defineMethod({
  name: "agent.status",
  summary: "Tell how far a run is",
  scope: "read",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string() }),
  result: run,
  handle({ runs }: { runs: Pick<Runs, "get"> }, { run_id }, { grant }) {
    return toWireRun(runs.get(run_id), grant);
  },
});
