import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const eventsSubscribe = defineMethod({
  name: "events.subscribe",
  summary: "Get the events whose topic matches a glob, after a replay of the kept ones since `after_seq`",
  scope: "read",
  guest: {},
  params: z.strictObject({ pattern: z.string().min(1).max(256), after_seq: z.int().min(0).optional() }),
  result: z.object({
    pattern: z.string(),
    seq: z.number(),
    truncated: z.boolean().optional(),
    oldest_seq: z.number().optional(),
  }),
  handle(_: object, { pattern, after_seq }, { connection }) {
    const { truncated, oldest_seq, seq } = connection.subscribe(pattern, after_seq);
    return { pattern, seq, ...(truncated ? { truncated, oldest_seq } : {}) };
  },
});
