/** `aleph agents`: the agents that there are. */
import { defineCommand, defineGroup } from "../command.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { oneCall } from "../one-call.ts";
import { writeTable } from "../table.ts";

const list = defineCommand({
  summary: "List the agents, with their models and workspaces",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "agent.list",
      params: {},
      tell({ agents: found }, { out }) {
        writeTable(out, found, [
          { title: "AGENT", value: ({ agent }) => agent },
          { title: "FROM", value: ({ from }) => from },
          { title: "MODEL", value: ({ model }) => model ?? "default" },
          { title: "WORKSPACE", value: ({ workspace }) => workspace, flexible: true },
          { title: "DESCRIPTION", value: ({ description }) => description, flexible: true },
        ]);
      },
    }),
});

export const agents = defineGroup({
  summary: "See the agents that config.toml and files make",
  details: "config.toml makes one with a table: aleph config set agents.helper.model ollama/qwen3",
  fallback: "list",
  commands: { list },
});
