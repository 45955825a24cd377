import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { runParams } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";

export const agentSteer = defineMethod({
  name: "agent.steer",
  summary: "Add a message to a running run, which sees it at its next step",
  scope: "chat",
  rate: "run",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string(), message: runParams.shape.message }),
  result: z.object({ run_id: z.string(), message_id: z.string() }),
  handle({ runner }: { runner: Pick<Runner, "steer"> }, { run_id, message }, call) {
    return runner.steer(run_id, message, call.grant!);
  },
});
