import * as z from "zod";
import type { Runner } from "../../agent/runner.ts";
import { defineMethod } from "../../sdk/method.ts";

export const runsQueue = defineMethod({
  name: "runs.queue",
  summary: "Show what runs now and what waits, by session",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    sessions: z.array(
      z.object({ session_key: z.string(), active_run: z.string().nullable(), queued_runs: z.array(z.string()) }),
    ),
  }),
  handle({ runner }: { runner: Pick<Runner, "queues"> }) {
    return {
      sessions: runner.queues().map(({ sessionKey, active, queued }) => ({
        session_key: sessionKey,
        active_run: active,
        queued_runs: [...queued],
      })),
    };
  },
});
