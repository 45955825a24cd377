import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronRemove = defineMethod({
  name: "cron.remove",
  summary: "Remove a job with its history; its session stays, and so does a run that goes",
  scope: "write",
  params: z.strictObject({ cron_id: z.string() }),
  result: z.object({ cron_id: z.string() }),
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "remove">> }, { cron_id }) {
    await (await cron()).remove(cron_id);
    return { cron_id };
  },
});
