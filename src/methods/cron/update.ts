import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { toWireJob } from "../../cron/wire.ts";
import { cronJob, cronSettings } from "../../protocol/cron.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronUpdate = defineMethod({
  name: "cron.update",
  summary: "Change a job, pause it with enabled false, or let it go on with enabled true",
  scope: "write",
  params: z.strictObject(cronSettings).partial().extend({ cron_id: z.string() }),
  result: cronJob,
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "update" | "history">> }, { cron_id, ...change }, { grant }) {
    if (!grant!.scopes.includes("chat")) throw new AlephError("forbidden", 'A job needs scope "chat" as well');
    const jobs = await cron();
    return toWireJob(await jobs.update(cron_id, change), jobs.history(cron_id, 1)[0]);
  },
});
