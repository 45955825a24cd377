/** Removes a job that runs by the clock. */
import * as z from "zod";
import type { CronShelf } from "../../sdk/cron.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./cron-remove.md" with { type: "text" };

export const cronRemove = defineTool({
  name: "cron_remove",
  description,
  params: z.strictObject({ id: z.string().min(1).max(64) }),
  parallel: false,
  ownerOnly: true,
  prepare({ cron }: { readonly cron: CronShelf }, { id }, { identity: { kind } }) {
    const isOwners = kind === "owner" || kind === "device";
    return {
      tier: isOwners ? "allow" : "deny",
      reason: isOwners ? "Removes a job" : "Jobs by the clock are for the owner alone",
      plan: { id },
      // The user counts on it: what a stranger wrote must not take it away unasked.
      outward: true,
      async run() {
        await cron.remove(id);
        return { ok: true, text: `Removed ${id}` };
      },
    };
  },
});
