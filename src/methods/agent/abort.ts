import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";

export const agentAbort = defineMethod({
  name: "agent.abort",
  summary: "Abort a run at once, with the processes of its tools",
  scope: "chat",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string() }),
  result: z.object({ run_id: z.string(), status: runStatus }),
  handle({ runner }: { runner: Pick<Runner, "stop"> }, { run_id }) {
    return runner.stop(run_id, "abort");
  },
});
