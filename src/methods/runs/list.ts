import * as z from "zod";
import { run, runStatus } from "../../protocol/run.ts";
import { canonicalSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";
import { type Runs, toWireRun } from "../../session/runs.ts";

export const runsList = defineMethod({
  name: "runs.list",
  summary: "List runs, newest first",
  scope: "read",
  params: z.strictObject({
    session_key: z.string().optional(),
    status: runStatus.optional(),
    limit: z.int().min(1).max(1000).default(50),
  }),
  result: z.object({ runs: z.array(run) }),
  handle({ runs }: { runs: Pick<Runs, "list"> }, { session_key, status, limit }, { grant }) {
    const sessionKey = session_key === undefined ? undefined : canonicalSessionKey(session_key);
    return { runs: runs.list({ sessionKey, status, limit }).map((run) => toWireRun(run, grant)) };
  },
});
