import * as z from "zod";
import { VERSION } from "../../lib/version.ts";
import { defineMethod } from "../../sdk/method.ts";

export const systemInfo = defineMethod({
  name: "system.info",
  summary: "Tell what server this is and where it keeps things",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    version: z.string(),
    bun: z.string(),
    platform: z.string(),
    arch: z.string(),
    home: z.string(),
    pid: z.number(),
    auth_mode: z.enum(["token", "none"]),
  }),
  handle({ home, authMode }: { home: string; authMode: () => "token" | "none" }) {
    return {
      version: VERSION,
      bun: Bun.version,
      platform: process.platform,
      arch: process.arch,
      home,
      pid: process.pid,
      auth_mode: authMode(),
    };
  },
});
