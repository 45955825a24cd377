import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";

export const agentCancel = defineMethod({
  name: "agent.cancel",
  summary: "Cancel a run: the model stops at once, a tool that is running may finish",
  scope: "chat",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string() }),
  result: z.object({ run_id: z.string(), status: runStatus }),
  handle({ runner }: { runner: Pick<Runner, "stop"> }, { run_id }) {
    return runner.stop(run_id, "cancel");
  },
});
