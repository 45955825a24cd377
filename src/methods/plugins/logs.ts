import * as z from "zod";
import { LOG_LEVELS } from "../../lib/log.ts";
import type { Plugins } from "../../plugin/plugins.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsLogs = defineMethod({
  name: "plugins.logs",
  summary: "Read the newest lines that a plugin wrote or that were logged of it, oldest first",
  scope: "admin",
  params: z.strictObject({ id: z.string(), limit: z.int().min(1).max(200).default(100) }),
  result: z.object({
    entries: z.array(
      z.object({
        n: z.number(),
        ts: z.number(),
        level: z.enum(LOG_LEVELS),
        message: z.string(),
        fields: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
  async handle({ plugins }: { plugins: Pick<Plugins, "get" | "logs"> }, { id, limit }) {
    return { entries: [...plugins.logs.tail((await plugins.get(id)).id, limit)] };
  },
});
