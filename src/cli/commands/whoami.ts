/** `aleph whoami`: who this terminal is for the server, and what it may do. */
import { defineCommand } from "../command.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { oneCall } from "../one-call.ts";
import { writeFacts } from "../table.ts";

export const whoami = defineCommand({
  summary: "Tell who this terminal is for the server, and what it may do",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.whoami",
      params: {},
      tell({ identity, role, scopes }, { out }) {
        writeFacts(out, [
          ["identity", `${identity.kind} ${identity.id}`],
          ["role", role],
          ["may", scopes.join(", ")],
        ]);
      },
    }),
});
