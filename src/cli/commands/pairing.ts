/** `aleph pairing`: devices that wait to be let in. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const code = { type: "positional", required: true, description: "the code that the device shows" } as const;

const list = defineCommand({
  summary: "List the devices that wait",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { out, err } = invocation.terminal;
        const result = await client.call("auth.pairing.list", {});
        if (args.json) return writeJson(out, result);
        if (result.pairings.length === 0) return void err.write("No device waits\n");
        const now = Date.now();
        writeTable(out, result.pairings, [
          { title: "CODE", value: (pairing) => pairing.code },
          { title: "NAME", value: ({ name }) => name, flexible: true },
          { title: "ROLE", value: ({ role }) => role },
          { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
          { title: "FROM", value: ({ address }) => address },
          { title: "EXPIRES", value: ({ expires_at }) => formatDuration(expires_at - now) },
        ]);
      },
      { serverOnly: true },
    ),
});

const approve = defineCommand({
  summary: "Let a device in",
  args: { code, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { out, err } = invocation.terminal;
        const device = await client.call("auth.pairing.approve", { pairing: args.code });
        if (args.json) return writeJson(out, device);
        err.write(`Let in: ${device.name || device.device_id} (${device.scopes.join(", ") || device.role})\n`);
      },
      { serverOnly: true },
    ),
});

const reject = defineCommand({
  summary: "Turn a device away",
  args: { code, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { out, err } = invocation.terminal;
        const result = await client.call("auth.pairing.reject", { pairing: args.code });
        if (args.json) return writeJson(out, result);
        err.write("Turned away\n");
      },
      { serverOnly: true },
    ),
});

export const pairing = defineGroup({
  summary: "Let devices in that ask for it",
  fallback: "list",
  commands: { list, approve, reject },
});
