/** `aleph interfaces`: where people write from, such as Telegram: their state, and who was let in. */

import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo } from "../format.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { agreed } from "../question.ts";
import { writeFacts, writeTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";

type Interface = Result<"interface.status">;

const id = {
  type: "positional",
  required: true,
  description: "id of the interface, such as telegram",
  completion: "interfaces",
} as const;
const flags = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the interfaces over which people write, with their state",
  args: flags,
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.list",
      params: {},
      tell({ interfaces: found }, { out, err }) {
        if (found.length === 0) return err.write("No interfaces. config.toml switches one on as [interfaces.<id>]\n");
        writeTable(out, found, [
          { title: "INTERFACE", value: (each) => each.interface },
          { title: "STATE", value: ({ state }) => state },
          { title: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no") },
          { title: "REFUSED", value: ({ refused }) => refused, align: "right" },
          { title: "ERROR", value: ({ error }) => error?.message, flexible: true },
        ]);
      },
    }),
});

const show = defineCommand({
  summary: "Show one interface: what it can, and why it could not be started",
  args: { id, ...flags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.status",
      params: { interface: args.id },
      tell(found, { out }) {
        const able = Object.entries(found.capabilities).flatMap(([name, can]) => (can ? [name] : []));
        writeFacts(out, [
          ["interface", found.interface],
          ["enabled", found.enabled ? "yes" : "no"],
          ["state", found.state],
          ["error", found.error?.message],
          ["can", able.join(", ")],
          ["message", `at most ${found.limits.message} characters`],
          ["refused", `${found.refused} messages of people who may not write`],
        ]);
      },
    }),
});

const start = defineCommand({
  summary: "Start an interface, or try one again at once that could not be started",
  args: { id, ...flags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.start",
      params: { interface: args.id },
      tell: said,
      isGood: ({ state }) => state !== "error",
      options: SERVER_ONLY,
    }),
});

const stop = defineCommand({
  summary: "Stop an interface until it is started again",
  args: { id, ...flags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.stop",
      params: { interface: args.id },
      tell: said,
      options: SERVER_ONLY,
    }),
});

const send = defineCommand({
  summary: "Send a message over an interface, as it is; the agent does not see it",
  args: {
    id,
    target: { type: "positional", required: true, description: "the conversation, as the interface names it" },
    message: { type: "positional", required: true, rest: true, description: "what to say" },
    ...flags,
  },
  examples: [['aleph interfaces send telegram 12345 "The backup is done"', "from a script, for example"]],
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.send",
      params: { interface: args.id, target: args.target, message: args._.slice(2).join(" ") },
      tell: ({ message_id }, { err }) => err.write(`Sent as ${printableLine(message_id)}\n`),
      options: SERVER_ONLY,
    }),
});

const react = defineCommand({
  summary: "React to a message over an interface, or take the reaction away",
  args: {
    id,
    target: { type: "positional", required: true, description: "the conversation, as the interface names it" },
    message: {
      type: "positional",
      required: true,
      description: "the message's id, as send tells it or the place names it",
    },
    emoji: { type: "positional", required: false, description: "the reaction; left out, none" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.react",
      params: { interface: args.id, target: args.target, message_id: args.message, emoji: args.emoji ?? null },
      tell: ({ emoji }, { err }) => err.write(emoji === null ? "The reaction is gone\n" : "Reacted\n"),
      options: SERVER_ONLY,
    }),
});

const people = defineCommand({
  summary: "List the people who were let in to write",
  args: flags,
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "interface.peers.list",
      params: {},
      tell({ peers }, { out, err }) {
        if (peers.length === 0) return err.write(`Nobody was let in. Who waits: ${invocation.program} pairing\n`);
        const now = Date.now();
        writeTable(out, peers, [
          { title: "INTERFACE", value: (each) => each.interface },
          { title: "PERSON", value: ({ peer }) => peer },
          { title: "NAME", value: ({ name }) => name, flexible: true },
          { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
          { title: "LET IN BY", value: ({ approved_by }) => approved_by },
          { title: "SINCE", value: ({ created_at }) => formatAgo(created_at, now) },
        ]);
      },
    }),
});

const remove = defineCommand({
  summary: "Take no more of what a person writes",
  details: "On a terminal it asks first. Conversations stay as they are.",
  args: {
    id,
    person: { type: "positional", required: true, description: "who, see aleph interfaces people" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...flags,
  },
  async run(args, invocation): Promise<number> {
    const { terminal } = invocation;
    const question = `Take no more of what ${printableLine(args.person)} writes over ${printableLine(args.id)}?`;
    if (!(await agreed(args, terminal, question))) {
      terminal.err.write("Nothing was changed\n");
      return EXIT.failure;
    }
    return oneCall(args, invocation, {
      method: "interface.peers.remove",
      params: { interface: args.id, peer: args.person },
      tell: ({ peer }, { err }) => err.write(`Not let in any more: ${printableLine(peer)}\n`),
    });
  },
});

export const interfaces = defineGroup({
  summary: "See, start and stop where people write from, and who may",
  fallback: "list",
  commands: { list, show, start, stop, send, react, people, remove },
});

function said(found: Interface, { err }: Terminal): void {
  err.write(`${found.interface} is ${found.state}${found.error ? `: ${printableLine(found.error.message)}` : ""}\n`);
}
