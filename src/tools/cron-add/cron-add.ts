/** Has the agent do something later, by the clock. */
import * as z from "zod";
import { cronId } from "../../protocol/cron.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { AgentJob, CronShelf } from "../../sdk/cron.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./cron-add.md" with { type: "text" };

interface Needs {
  readonly cron: CronShelf;
}

export const cronAdd = defineTool({
  name: "cron_add",
  description,
  params: z.strictObject({
    id: cronId.optional().describe("a short name, such as water-plants"),
    message: z.string().min(1).max(20_000).describe("what you are to do then, with all that you need to know"),
    at: z
      .string()
      .max(40)
      .optional()
      .describe("once, ISO 8601 such as 2026-05-01T09:00, in tz unless it has an offset"),
    every_minutes: z.int().min(1).max(527_040).optional(),
    cron: z.string().max(200).optional().describe('such as "30 9 * * MON-FRI"'),
    tz: z.string().max(64).optional().describe('such as "Europe/Berlin"; the user\'s own when left out'),
    deliver: z.enum(["here", "nowhere"]).default("here"),
  }),
  parallel: false,
  ownerOnly: true,
  prepare({ cron }: Needs, { id, message, deliver, ...when }, context) {
    const schedule = scheduleOf(when);
    const to = deliver === "here" ? cron.place(context) : null;
    const isOwners = context.identity.kind === "owner" || context.identity.kind === "device";
    const refused = !isOwners
      ? "Jobs by the clock are for the owner alone"
      : context.runId === null
        ? "Only a run can make a job with this tool; cron.add does it for people"
        : deliver === "here" && to === null
          ? "Nothing can be brought to this conversation later"
          : undefined;
    return {
      tier: refused === undefined ? "allow" : "deny",
      reason: refused ?? "Does something later, by the clock",
      plan: { ...(id === undefined ? {} : { id }), schedule, message, deliver: to },
      // It lasts beyond this conversation: what a stranger wrote must not bring it about unasked.
      outward: true,
      async run() {
        const job = await cron.add({ id, schedule, message, deliver }, context);
        const next = job.next_run_at === null ? "never" : new Date(job.next_run_at).toISOString();
        return { ok: true, text: `Job ${job.cron_id} runs next at ${next}` };
      },
    };
  },
});

interface When {
  readonly at?: string | undefined;
  readonly every_minutes?: number | undefined;
  readonly cron?: string | undefined;
  readonly tz?: string | undefined;
}

function scheduleOf({ at, every_minutes, cron, tz }: When): AgentJob["schedule"] {
  const zone = tz === undefined ? {} : { tz };
  const given = [
    ...(at === undefined ? [] : [{ at, ...zone }]),
    ...(every_minutes === undefined ? [] : [{ every_ms: every_minutes * 60_000 }]),
    ...(cron === undefined ? [] : [{ cron, ...zone }]),
  ];
  const [first] = given;
  if (given.length === 1 && first) return first;
  throw new AlephError("invalid_params", "Give one of at, every_minutes and cron");
}
