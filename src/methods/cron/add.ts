import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { cronId, cronSettings } from "../../protocol/cron.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronAdd = defineMethod({
  name: "cron.add",
  summary: "Have the agent do something by the clock: at a time, every so often, or as a cron expression says",
  scope: "write",
  params: z
    .strictObject(cronSettings)
    .partial()
    .required({ schedule: true, message: true })
    .extend({ id: cronId.optional() }),
  result: z.object({ cron_id: z.string(), next_run_at: z.number().nullable() }),
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "add">> }, params, { grant, connection }) {
    // Its runs are runs: who may start none gets none by the clock either.
    if (!grant!.scopes.includes("chat")) throw new AlephError("forbidden", 'A job needs scope "chat" as well');
    const job = await (await cron()).add(params, grant!, connection.rights?.credentials[0]);
    return { cron_id: job.id, next_run_at: job.nextRunAt };
  },
});
