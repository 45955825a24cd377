/** `aleph devices`: those that were let in. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const list = defineCommand({
  summary: "List the devices that were let in",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.devices.list", {});
      if (args.json) return writeJson(out, result);
      if (result.devices.length === 0) return void err.write("No device was let in\n");
      const now = Date.now();
      writeTable(out, result.devices, [
        { title: "DEVICE", value: ({ device_id }) => device_id },
        { title: "NAME", value: ({ name }) => name, flexible: true },
        { title: "ROLE", value: ({ role }) => role },
        { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
        {
          title: "SEEN",
          value: ({ last_seen_at }) => (last_seen_at === null ? "never" : formatAgo(last_seen_at, now)),
        },
      ]);
    }),
});

const revoke = defineCommand({
  summary: "Let a device in no more, and end what it has open",
  args: {
    id: { type: "positional", required: true, description: "device id, see the list" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.devices.revoke", { device_id: args.id });
      if (args.json) writeJson(out, result);
      else err.write("Let in no more\n");
    }),
});

export const devices = defineGroup({
  summary: "Show and end the devices that were let in",
  fallback: "list",
  commands: { list, revoke },
});
