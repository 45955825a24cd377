/** `aleph devices`: those that were let in. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo } from "../format.ts";
import { oneCall } from "../one-call.ts";
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
    id: { type: "positional", required: true, description: "device id, see the list", completion: "devices" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.devices.revoke",
      params: { device_id: args.id },
      tell: (_result, { err }) => err.write("Let in no more\n"),
    }),
});

const signOut = defineCommand({
  summary: "End every login of the panel, and every kept session, of whoever this terminal is",
  details: "Tokens and devices stay as they are; aleph tokens and aleph devices end those.",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.logins.endAll",
      params: {},
      tell: ({ ended }, { err }) => err.write(`${ended} ended\n`),
    }),
});

export const devices = defineGroup({
  summary: "Show and end the devices that were let in, and the logins of the panel",
  fallback: "list",
  commands: { list, revoke, "sign-out": signOut },
});
