/** `aleph stop`: ends the server, when its runs have reached a safe point. */
import { setTimeout as sleep } from "node:timers/promises";
import { findInstance } from "../../config/instance.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { unreachable } from "../failure.ts";
import { homeOf, jsonFlag, serverFlags } from "../flags.ts";
import { SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { findTarget } from "../target.ts";

/** Longer than a server takes to let its runs reach a safe point. */
const WAIT_MS = 20_000;

export const stop = defineCommand({
  summary: "Stop the server: runs reach a safe point first",
  details: "Answers when the server of this home has ended. A service manager may start it again.",
  args: {
    reason: { type: "string", valueHint: "text", description: "what clients are told", default: "requested" },
    ...jsonFlag,
    ...serverFlags,
  },
  async run(args, invocation): Promise<number> {
    const { terminal, env } = invocation;
    const home = homeOf(args, env);
    const own = findTarget(args, env) === undefined ? await findInstance(home) : undefined;
    const call = ({ client }: Parameters<Parameters<typeof withClient>[2]>[0]) =>
      client.call("system.shutdown", { reason: args.reason });
    const result = await withClient(args, invocation, call, SERVER_ONLY);
    if (own !== undefined) {
      await withProgress(terminal, "The server ends", async () => {
        const began = performance.now();
        while ((await findInstance(home))?.pid === own.pid) {
          if (performance.now() - began > WAIT_MS) {
            throw unreachable(
              `The server (pid ${own.pid}) has not ended in ${WAIT_MS / 1000} s`,
              `See what it does: aleph logs; end it at once: kill ${own.pid}`,
            );
          }
          await sleep(50);
        }
      });
    }
    if (args.json) writeJson(terminal.out, result);
    else terminal.err.write(own === undefined ? "The server ends\n" : "The server has ended\n");
    return EXIT.ok;
  },
});
