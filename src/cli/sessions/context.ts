/** `aleph sessions context`: what the next message of a session would meet. */
import { defineCommand } from "../command.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { oneCall } from "../one-call.ts";
import { writeFacts } from "../table.ts";

export const context = defineCommand({
  summary: "Tell which model answers in a session, how full its context is, and what it may do without asking",
  args: {
    key: { type: "positional", required: true, description: "session key", completion: "sessions" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "session.context",
      params: { session_key: args.key },
      tell({ model, problem, tokens, window, confined, standing }, { out }) {
        const part = window === null || window === 0 ? "" : ` of ${window} (${Math.round((tokens / window) * 100)} %)`;
        writeFacts(out, [
          ["model", model],
          ["problem", problem],
          ["context", `about ${tokens} tokens${part}`],
          ["commands", confined ? "run in a sandbox" : "are not confined: each asks"],
          ["allowed", standing === 0 ? "nothing for longer than once" : `${standing} for longer than once`],
        ]);
      },
    }),
});
