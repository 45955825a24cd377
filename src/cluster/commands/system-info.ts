/** `system.info` on a node: what machine it is, and how busy. */
import { arch, cpus, freemem, hostname, loadavg, platform, release, totalmem, uptime } from "node:os";
import * as z from "zod";
import { VERSION } from "../../lib/version.ts";
import { type NodeCommand, parseArgs } from "../node-command.ts";

export function systemInfoCommand(): NodeCommand {
  return {
    async prepare(args, { workspace }) {
      const bound = parseArgs("system.info", z.strictObject({}), args);
      return {
        tier: "allow",
        reason: "Tells what machine it is",
        plan: {},
        bound,
        looks: true,
        async run() {
          const data = {
            hostname: hostname(),
            platform: platform(),
            release: release(),
            arch: arch(),
            version: VERSION,
            cpus: cpus().length,
            load: loadavg(),
            memory: { total: totalmem(), free: freemem() },
            uptime_ms: Math.round(uptime() * 1000),
            workspace,
          };
          return { ok: true, text: JSON.stringify(data, null, 2), data };
        },
      };
    },
  };
}
