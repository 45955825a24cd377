import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { runParams, runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";

export const agentRun = defineMethod({
  name: "agent.run",
  summary: "Start a run: answered once the message is on disk, the output follows as events",
  scope: "chat",
  rate: "run",
  guest: { own: "session_key", without: ["agent", "model", "record", "thinking"] },
  params: runParams,
  result: z.object({ run_id: z.string(), status: runStatus, session_key: z.string() }),
  handle({ runner }: { runner: Pick<Runner, "start"> }, params, call) {
    return runner.start(params, call.grant!, call.connection.rights?.credentials[0]);
  },
});
