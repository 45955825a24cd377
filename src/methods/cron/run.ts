import * as z from "zod";
import type { Cron } from "../../cron/cron.ts";
import { toWireRun } from "../../cron/wire.ts";
import { cronRun } from "../../protocol/cron.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const cronRunMethod = defineMethod({
  name: "cron.run",
  summary: "Run a job now, besides its schedule; not while a run of it goes",
  scope: "write",
  rate: "run",
  params: z.strictObject({ cron_id: z.string() }),
  result: cronRun,
  async handle({ cron }: { cron: () => Promise<Pick<Cron, "run">> }, { cron_id }, { grant }) {
    if (!grant!.scopes.includes("chat")) throw new AlephError("forbidden", 'A job needs scope "chat" as well');
    return toWireRun(await (await cron()).run(cron_id));
  },
});
