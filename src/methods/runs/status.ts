import * as z from "zod";
import { runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Runs } from "../../session/runs.ts";

export const runsStatus = defineMethod({
  name: "runs.status",
  summary: "Tell the status of a run and nothing else",
  scope: "read",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string() }),
  result: z.object({ run_id: z.string(), status: runStatus }),
  handle({ runs }: { runs: Pick<Runs, "get"> }, { run_id }) {
    return { run_id, status: runs.get(run_id).status };
  },
});
