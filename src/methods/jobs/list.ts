import * as z from "zod";
import { job } from "../../protocol/job.ts";
import { canonicalSessionKey } from "../../protocol/session-key.ts";
import type { Jobs } from "../../sandbox/jobs.ts";
import { toWireJob } from "../../sandbox/wire-job.ts";
import { defineMethod } from "../../sdk/method.ts";

export const jobsList = defineMethod({
  name: "jobs.list",
  summary: "List the commands in the background that run, and those that ended lately, oldest first",
  scope: "read",
  params: z.strictObject({ session_key: z.string().optional().describe("of this session alone") }),
  result: z.object({ jobs: z.array(job) }),
  async handle({ jobs }: { jobs: () => Promise<Pick<Jobs, "all">> }, { session_key }) {
    const wanted = session_key === undefined ? undefined : canonicalSessionKey(session_key);
    const found = (await jobs()).all().filter((each) => wanted === undefined || each.session_key === wanted);
    return { jobs: found.map(toWireJob) };
  },
});
