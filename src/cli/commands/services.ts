/** `aleph services`: what plugins run in the background. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatTime } from "../format.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeFacts, writeTable } from "../table.ts";

type Service = Result<"services.status">;

const name = {
  type: "positional",
  required: true,
  description: "plugin/name, or the name alone where only one plugin has it",
  completion: "services",
} as const;
const flags = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the background services of plugins, with their state",
  args: flags,
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "services.list",
      params: {},
      tell({ services: found }, { out, err }) {
        if (found.length === 0) return err.write("No plugin has a service\n");
        const now = Date.now();
        writeTable(out, found, [
          { title: "SERVICE", value: nameOf },
          { title: "STATE", value: ({ state }) => state },
          { title: "SINCE", value: ({ since }) => formatAgo(since, now) },
          { title: "ERROR", value: ({ error }) => error?.message, flexible: true },
        ]);
      },
    }),
});

const show = defineCommand({
  summary: "Show one service",
  args: { name, ...flags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "services.status",
      params: { name: args.name },
      tell(found, { out }) {
        writeFacts(out, [
          ["service", nameOf(found)],
          ["does", found.description],
          ["state", found.state],
          ["since", formatTime(found.since)],
          ["error", found.error?.message],
          ["starts", found.auto_start ? "by itself" : "when it is told to"],
          ["again at", found.restart_at === null ? undefined : formatTime(found.restart_at)],
        ]);
      },
    }),
});

const start = switching("services.start", "Start a service");
const stop = switching("services.stop", "Stop a service until it is started again, or the server starts anew");

export const services = defineGroup({
  summary: "See, start and stop what plugins run in the background",
  fallback: "list",
  commands: { list, show, start, stop },
});

function switching(method: "services.start" | "services.stop", summary: string) {
  return defineCommand({
    summary,
    args: { name, ...flags },
    run: (args, invocation) =>
      oneCall(args, invocation, {
        method,
        params: { name: args.name },
        tell(found: Service, { err }) {
          err.write(
            `${nameOf(found)} is ${found.state}${found.error ? `: ${printableLine(found.error.message)}` : ""}\n`,
          );
        },
        isGood: ({ error }: Service) => method === "services.stop" || error === null,
        options: SERVER_ONLY,
      }),
  });
}

function nameOf({ plugin_id, name: own }: Service): string {
  return `${plugin_id}/${own}`;
}
