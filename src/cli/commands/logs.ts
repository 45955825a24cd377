/** `aleph logs`: what a running server has logged. */
import { setTimeout as sleep } from "node:timers/promises";
import { LOG_LEVELS, type LogLevel } from "../../lib/log.ts";
import { printableJson } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { type ShownEntry, writeLogEntry } from "../log-entry.ts";
import type { Output } from "../terminal.ts";

const POLL_MS = 500;

export const logs = defineCommand({
  summary: "Show the newest log lines of the server",
  args: {
    follow: { type: "boolean", alias: "f", description: "go on with new lines until Ctrl-C" },
    lines: { type: "string", alias: "n", valueHint: "n", description: "how many lines at first", default: "50" },
    level: { type: "enum", options: [...LOG_LEVELS], description: "least severe lines to show", default: "debug" },
    ...jsonFlag,
    ...serverFlags,
  },
  async run(args, invocation): Promise<number> {
    const limit = Number(args.lines);
    if (!Number.isInteger(limit) || limit < 1 || limit > 2000) {
      throw usageError("--lines must be a whole number from 1 to 2000", "For example --lines 100");
    }
    const level = args.level as LogLevel;
    const { out } = invocation.terminal;
    return withClient(
      args,
      invocation,
      async ({ client }) => {
        const write = args.json ? writeLine : writeLogEntry;
        const first = await client.call("logs.tail", { limit, level });
        for (const entry of first.entries) write(out, entry);
        if (!args.follow) return EXIT.ok;
        const left = new AbortController();
        process.once("SIGINT", () => left.abort());
        let after = first.next;
        while (!left.signal.aborted) {
          await sleep(POLL_MS, undefined, { signal: left.signal }).catch(() => {
            // Only the signal ends it early, which the loop sees.
          });
          const { entries, next } = await client.call("logs.tail", { limit: 2000, level, after });
          for (const entry of entries) write(out, entry);
          after = next;
        }
        return EXIT.interrupted;
      },
      { serverOnly: true },
    );
  },
});

function writeLine(out: Output, { ts, level, message, fields }: ShownEntry): void {
  out.write(`${printableJson({ ts: new Date(ts).toISOString(), level, message, ...fields })}\n`);
}
