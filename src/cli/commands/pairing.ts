/** `aleph pairing`: devices, and people who write over channels, that wait to be let in. */

import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatDuration } from "../format.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { publicAddress } from "../public-address.ts";
import { writeTable } from "../table.ts";

const code = {
  type: "positional",
  required: true,
  description: "the code that the device, or the message, shows",
  completion: "pairings",
} as const;

const list = defineCommand({
  summary: "List who waits: devices, and people who write over channels",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.pairing.list",
      params: {},
      tell({ pairings }, { out, err }) {
        if (pairings.length === 0) return err.write("Nobody waits\n");
        const now = Date.now();
        writeTable(out, pairings, [
          { title: "CODE", value: (pairing) => pairing.code },
          { title: "NAME", value: ({ name }) => name, flexible: true },
          { title: "ROLE", value: ({ role }) => role },
          { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
          { title: "FROM", value: ({ address }) => address },
          { title: "EXPIRES", value: ({ expires_at }) => formatDuration(expires_at - now) },
        ]);
      },
      options: SERVER_ONLY,
    }),
});

const approve = defineCommand({
  summary: "Let a device, or somebody who writes over a channel, in",
  args: { code, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.pairing.approve",
      params: { pairing: args.code },
      tell(device, { err }) {
        err.write(`Let in: ${device.name || device.device_id} (${device.scopes.join(", ") || device.role})\n`);
      },
      options: SERVER_ONLY,
    }),
});

const reject = defineCommand({
  summary: "Turn one away",
  args: { code, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "auth.pairing.reject",
      params: { pairing: args.code },
      tell: (_result, { err }) => err.write("Turned away\n"),
      options: SERVER_ONLY,
    }),
});

const invite = defineCommand({
  summary: "Make a link and a QR code that let one new device in",
  details: "Whoever opens the link first is let in with the rights of this terminal; it works once, for ten minutes.",
  args: {
    at: { type: "string", valueHint: "url", description: "the address by which the device reaches the server" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [["aleph pairing invite --at https://aleph.example.com", "for a server behind a reverse proxy"]],
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client, url }) => {
        const { env, terminal } = invocation;
        const { origin, isOnlyHere } = (await publicAddress(args, { env, url }))!;
        const { code, expires_at } = await client.call("auth.pairing.invite", {});
        const offer = { origin, code, expiresAt: expires_at };
        const { describeOffer, pairingLink } = await import("../pairing-link.ts");
        if (args.json) return writeJson(terminal.out, { code, link: pairingLink(offer), expires_at });
        const colours = terminal.out.isTerminal && !env.noColor && env.term !== "dumb";
        terminal.out.write(describeOffer(offer, { colours, now: Date.now() }));
        if (isOnlyHere) {
          terminal.err.write(
            "Only this machine reaches that address: start the server with --remote, or name one with --at\n",
          );
        }
      },
      { serverOnly: true },
    ),
});

export const pairing = defineGroup({
  summary: "Let devices and people in who ask for it",
  fallback: "list",
  commands: { list, approve, reject, invite },
});
