import * as z from "zod";
import { LOG_LEVELS } from "../../lib/log.ts";
import type { LogHistory } from "../../lib/log-history.ts";
import { logEntry } from "../../protocol/log-entry.ts";
import { defineMethod } from "../../sdk/method.ts";

export const logsTail = defineMethod({
  name: "logs.tail",
  summary: "Read the newest log lines, oldest first",
  scope: "admin",
  params: z.strictObject({
    limit: z.int().min(1).max(2000).default(200),
    level: z.enum(LOG_LEVELS).default("debug"),
    /** Only lines after this number: the `next` of the answer before. */
    after: z.int().min(0).default(0),
  }),
  result: z.object({
    entries: z.array(logEntry),
    next: z.number(),
  }),
  handle({ logs }: { logs: Pick<LogHistory, "tail"> }, params) {
    return logs.tail(params);
  },
});
