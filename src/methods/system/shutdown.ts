import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const systemShutdown = defineMethod({
  name: "system.shutdown",
  summary: "Stop the server: runs reach a safe point first",
  scope: "admin",
  params: z.strictObject({ reason: z.string().max(200).default("requested") }),
  result: z.object({ stopping: z.literal(true) }),
  handle({ shutdown }: { shutdown: (reason: string) => void }, { reason }) {
    shutdown(reason);
    return { stopping: true as const };
  },
});
