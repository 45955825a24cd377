import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { AlephError } from "../../protocol/errors.ts";
import { usage } from "../../protocol/message.ts";
import { runParams, runStatus } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";
import { shownFailure } from "../../session/runs.ts";

export const sessionSend = defineMethod({
  name: "session.send",
  summary: "Start a run and answer when it has ended, with its final text and usage",
  scope: "chat",
  rate: "run",
  guest: { own: "session_key", without: ["agent", "model", "record", "thinking"] },
  params: runParams,
  result: z.object({
    run_id: z.string(),
    session_key: z.string(),
    text: z.string(),
    usage: usage.nullable(),
    status: runStatus,
  }),
  async handle({ runner }: { runner: Pick<Runner, "start" | "wait"> }, params, call) {
    const { run_id } = await runner.start(params, call.grant!, call.connection.rights?.credentials[0]);
    const run = await runner.wait(run_id, call.signal);
    if (run.status === "failed" && run.error) {
      const { message, ...shown } = shownFailure(run.error, call.grant);
      const more = call.grant?.role === "guest" ? shown : run.error.data;
      throw new AlephError(run.error.reason, message, { data: { ...more, run_id } });
    }
    return { run_id, session_key: run.sessionKey, text: run.text ?? "", usage: run.usage, status: run.status };
  },
});
