import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { toWireJob } from "../../cron/wire.ts";
import { cronJob } from "../../protocol/cron.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronList = defineMethod({
  name: "cron.list",
  summary: "List the jobs that run by the clock, the next one first, each with its last run",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ jobs: z.array(cronJob) }),
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "list" | "history">> }) {
    const jobs = await cron();
    return { jobs: jobs.list().map((job) => toWireJob(job, jobs.history(job.id, 1)[0])) };
  },
});
