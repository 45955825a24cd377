/** A line of the log on the wire. */
import * as z from "zod";
import { LOG_LEVELS } from "../lib/log.ts";

export const logEntry = z.object({
  n: z.number(),
  ts: z.number(),
  level: z.enum(LOG_LEVELS),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
