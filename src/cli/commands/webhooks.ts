/** `aleph webhooks`: what comes in and goes out, how it fares, and a try of each. */
import type { Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

type All = Result<"webhooks.list">;

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly place: string;
  readonly state: string;
}

const list = defineCommand({
  summary: "List webhooks in and out and the commands that events run",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const all = await client.call("webhooks.list", {});
      if (args.json) return writeJson(out, all);
      const rows = rowsOf(all, Date.now());
      if (rows.length === 0) return void err.write("No webhooks: see [webhooks] and [[hooks]] of config.toml\n");
      writeTable<Row>(out, rows, [
        { title: "KIND", value: ({ kind }) => kind },
        { title: "NAME", value: ({ name }) => name },
        { title: "WHERE", value: ({ place }) => printableLine(place), flexible: true },
        { title: "STATE", value: ({ state }) => printableLine(state), flexible: true },
      ]);
      for (const { name, dead_events } of all.out) {
        for (const { topic, attempts, error } of dead_events) {
          err.write(`${name} did not take ${topic} (${attempts} tries): ${printableLine(error ?? "")}\n`);
        }
      }
    }),
});

const test = defineCommand({
  summary: "Send the event webhook.test to an outgoing webhook, or show what an inbound one would say of a payload",
  args: {
    name: { type: "positional", required: true, description: "as the config names it", completion: "webhooks" },
    payload: { type: "positional", required: false, description: 'of an inbound one, as JSON; "-" reads it' },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph webhooks test ci", "of [webhooks.out.ci]"],
    [`aleph webhooks test github '{"issue": {"title": "It breaks"}}'`, "of [webhooks.in.github]"],
  ],
  async run(args, invocation) {
    const { name, payload, json } = args;
    const given = payload === undefined ? undefined : readPayload(payload === "-" ? await Bun.stdin.text() : payload);
    await withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      if (given !== undefined) {
        const shown = await client.call("webhooks.preview", { name, payload: given });
        return json ? writeJson(out, shown) : void out.write(`${printable(shown.message)}\n`);
      }
      const tried = await client.call("webhooks.test", { name });
      if (json) writeJson(out, tried);
      if (!tried.ok) throw new AlephError("provider_error", `${name} did not take it: ${tried.error}`);
      if (!json) err.write(`${name} took it in ${tried.duration_ms} ms\n`);
    });
  },
});

const retry = defineCommand({
  summary: "Try again the events that an outgoing webhook did not take",
  args: {
    name: { type: "positional", required: true, description: "as the config names it", completion: "webhooks" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const done = await client.call("webhooks.retry", { name: args.name });
      if (args.json) return writeJson(out, done);
      err.write(`${done.retried} events are tried again\n`);
    }),
});

export const webhooks = defineGroup({
  summary: "See and try webhooks, and the commands that events run",
  fallback: "list",
  commands: { list, test, retry },
});

function rowsOf({ in: inbound, out, hooks }: All, now: number): Row[] {
  const stateOf = (enabled: boolean, text: string) => (enabled ? text : "off");
  return [
    ...inbound.map(({ name, path, enabled, last_at, refused }) => ({
      kind: "in",
      name,
      place: path,
      state: stateOf(enabled, `${last_at === null ? "nothing came" : formatAgo(last_at, now)}, ${refused} refused`),
    })),
    ...out.map(({ name, url, events, enabled, waiting, dead }) => ({
      kind: "out",
      name,
      place: `${url} ${events.join(" ")}`,
      state: stateOf(enabled, `${waiting} waiting, ${dead} given up`),
    })),
    ...hooks.map(({ event, command, enabled, runs, failed, dropped, error }) => ({
      kind: "hook",
      name: event,
      place: command,
      state: stateOf(
        enabled,
        `${runs} runs, ${failed} failed, ${dropped} dropped${error === null ? "" : `: ${error}`}`,
      ),
    })),
  ];
}

function readPayload(text: string) {
  try {
    return JSON.parse(text) as NonNullable<Parameters<typeof JSON.stringify>[0]>;
  } catch (cause) {
    throw usageError(`The payload is not JSON: ${(cause as Error).message}`, `Quote it for the shell: '{"n": 1}'`);
  }
}
