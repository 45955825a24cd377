import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

const status = z.object({
  uptime_ms: z.number(),
  connections: z.number(),
  runs_active: z.number(),
  runs_queued: z.number(),
  seq: z.number(),
  memory: z.object({ rss: z.number(), heap_used: z.number() }),
  storage: z.object({ ok: z.boolean(), error: z.string().optional() }),
  config: z.object({ ok: z.boolean(), issues: z.array(z.object({ path: z.string(), message: z.string() }).loose()) }),
  event_loop: z.object({ longest_stall_ms: z.number(), stalls: z.number() }),
});
export type SystemStatus = z.output<typeof status>;

export const systemStatus = defineMethod({
  name: "system.status",
  summary: "Tell how the server does: load, memory, storage, config",
  scope: "read",
  params: z.strictObject({}),
  result: status,
  handle({ status }: { status: () => SystemStatus }) {
    return status();
  },
});
