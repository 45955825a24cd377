import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { toWireRun } from "../../cron/wire.ts";
import { cronRun } from "../../protocol/cron.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronHistory = defineMethod({
  name: "cron.history",
  summary: "List what became of a job's times, the newest first; of all jobs and heartbeats when none is named",
  scope: "read",
  params: z.strictObject({ cron_id: z.string().optional(), limit: z.int().min(1).max(1000).default(50) }),
  result: z.object({ runs: z.array(cronRun) }),
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "history" | "get">> }, { cron_id, limit }) {
    const jobs = await cron();
    if (cron_id !== undefined && !cron_id.startsWith("heartbeat:")) jobs.get(cron_id);
    return { runs: jobs.history(cron_id, limit).map(toWireRun) };
  },
});
