/** Lists the jobs that run by the clock. */
import * as z from "zod";
import type { WireCronJob } from "../../protocol/cron.ts";
import type { CronShelf } from "../../sdk/cron.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./cron-list.md" with { type: "text" };

export const cronList = defineTool({
  name: "cron_list",
  description,
  params: z.strictObject({}),
  parallel: true,
  ownerOnly: true,
  prepare({ cron }: { readonly cron: CronShelf }, _input, { identity: { kind } }) {
    const isOwners = kind === "owner" || kind === "device";
    return {
      tier: isOwners ? "allow" : "deny",
      reason: isOwners ? "Lists the jobs" : "Jobs by the clock are for the owner alone",
      plan: {},
      async run() {
        const jobs = await cron.list();
        if (jobs.length === 0) return { ok: true, text: "There are no jobs" };
        // What strangers had a hand in is theirs still.
        const untrusted = jobs.some((job) => job.untrusted) ? ({ untrusted: true } as const) : {};
        return { ok: true, text: jobs.map(lineOf).join("\n"), ...untrusted };
      },
    };
  },
});

function lineOf({ cron_id, schedule, enabled, next_run_at, message, last }: WireCronJob): string {
  const next = !enabled ? "paused" : next_run_at === null ? "done" : `next ${new Date(next_run_at).toISOString()}`;
  const ended = last ? `, last ${last.status}` : "";
  return `${cron_id} ${JSON.stringify(schedule)} ${next}${ended}: ${message}`;
}
