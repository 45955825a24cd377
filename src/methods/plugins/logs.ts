import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { logEntry } from "../../protocol/log-entry.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsLogs = defineMethod({
  name: "plugins.logs",
  summary: "Read the newest lines that a plugin wrote or that were logged of it, oldest first",
  scope: "admin",
  params: z.strictObject({ id: z.string(), limit: z.int().min(1).max(200).default(100) }),
  result: z.object({
    entries: z.array(logEntry),
  }),
  async handle({ plugins }: { plugins: Pick<Plugins, "get" | "logs"> }, { id, limit }) {
    return { entries: [...plugins.logs.tail((await plugins.get(id)).id, limit)] };
  },
});
