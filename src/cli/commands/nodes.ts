/** `aleph nodes`: the machines that work for this one. */
import type { Client } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { answerQuestions } from "../conversation/own-questions.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { parseJsonObject } from "../json-object.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const named = {
  type: "positional",
  required: true,
  description: "name or id of the node, see the list",
  completion: "nodes",
} as const;

const list = defineCommand({
  summary: "List the nodes",
  args: {
    tag: { type: "string", valueHint: "tag", description: "only those that have it", repeatable: true },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("node.list", { tags: [...invocation.all("tag")] });
      if (args.json) return writeJson(out, result);
      const waiting = await waitingNodes(client);
      for (const { name, code, address } of waiting) {
        err.write(`${printableLine(name)} waits at ${address}. Let it in with: aleph nodes approve ${code}\n`);
      }
      if (result.nodes.length === 0) {
        if (waiting.length === 0) err.write("No nodes. Add one with: aleph-server node --center URL\n");
        return;
      }
      const now = Date.now();
      writeTable(out, result.nodes, [
        { title: "NODE", value: ({ name }) => name, flexible: true },
        { title: "STATUS", value: ({ status }) => status },
        { title: "TAGS", value: ({ tags }) => tags.join(",") },
        { title: "SYSTEM", value: ({ platform, arch }) => (platform === null ? "" : `${platform} ${arch}`) },
        { title: "RUNNING", value: ({ running }) => String(running) },
        {
          title: "SEEN",
          value: ({ last_seen_at }) => (last_seen_at === null ? "never" : formatAgo(last_seen_at, now)),
        },
      ]);
    }),
});

const get = defineCommand({
  summary: "Show a node with its newest calls",
  args: { node: named, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const node = await client.call("node.get", { node: args.node });
      if (args.json) return writeJson(out, node);
      const { bold } = out.style;
      out.write(`${bold(node.name)}  ${node.status}  ${node.node_id}\n`);
      if (node.tags.length > 0) out.write(`Tags: ${node.tags.join(", ")}\n`);
      if (node.platform !== null) out.write(`System: ${node.platform} ${node.arch}, Aleph ${node.version}\n`);
      if (node.commands.length > 0) out.write(`Commands: ${node.commands.join(", ")}\n`);
      if (node.calls.length === 0) return;
      out.write("\n");
      const now = Date.now();
      writeTable(out, node.calls, [
        { title: "CALL", value: ({ call_id }) => call_id },
        { title: "COMMAND", value: ({ command }) => command },
        { title: "OUTCOME", value: ({ outcome }) => outcome ?? "running" },
        { title: "BEGAN", value: ({ started_at }) => formatAgo(started_at, now) },
        {
          title: "TOOK",
          value: ({ started_at, ended_at }) => (ended_at === null ? "" : formatDuration(ended_at - started_at)),
        },
        { title: "WHY", value: ({ reason }) => printableLine(reason ?? ""), flexible: true },
      ]);
    }),
});

const invoke = defineCommand({
  summary: "Call a command of a node",
  details: 'What needs your word is asked here at a terminal; otherwise it waits for "aleph approvals".',
  args: {
    node: named,
    command: { type: "positional", required: true, description: "such as exec, file.read or system.info" },
    args: { type: "positional", required: false, description: "its arguments as JSON; for exec also the command line" },
    timeout: { type: "string", valueHint: "ms", description: "milliseconds after which it is ended" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph nodes invoke builder exec 'uname -a'", "runs a command there"],
    [`aleph nodes invoke builder file.read '{"path": "notes.md"}'`, "reads a file of the node's workspace"],
  ],
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async (connected) => {
        const { client } = connected;
        const { terminal } = invocation;
        const { node, command } = args;
        const params = { node, command, args: toArguments(command, args.args), ...toTimeout(args.timeout) };
        using _asking = await answerQuestions(connected, invocation, ({ tool, plan }) => {
          const asked = plan as { readonly node?: unknown; readonly node_id?: unknown; readonly command?: unknown };
          return tool === "node_invoke" && (asked.node === node || asked.node_id === node) && asked.command === command;
        });
        const result = await client.call("node.invoke", params);
        if (args.json) writeJson(terminal.out, result);
        else {
          terminal.out.write(result.result.endsWith("\n") ? result.result : `${result.result}\n`);
          if (result.outcome !== "done") terminal.err.write(`Outcome: ${result.outcome}\n`);
        }
        return result.ok ? EXIT.ok : EXIT.failure;
      },
      { serverOnly: true },
    ),
});

const approve = defineCommand({
  summary: "Let a waiting node in",
  args: {
    code: { type: "positional", required: true, description: "the code that the node shows", completion: "pairings" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "node.approve",
      params: { code: args.code },
      tell: ({ name }, { err }) => err.write(`Let in: ${name}\n`),
      options: SERVER_ONLY,
    }),
});

const revoke = defineCommand({
  summary: "Let a node in no more, and end its connection at once",
  args: { node: named, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "node.revoke",
      params: { node: args.node },
      tell: (_result, { err }) => err.write("Let in no more\n"),
    }),
});

export const nodes = defineGroup({
  summary: "See and use the machines that work for this one",
  fallback: "list",
  commands: { list, get, invoke, approve, revoke },
});

/** Those who may not let nodes in are not told of them. */
async function waitingNodes(client: Client) {
  try {
    const { pairings } = await client.call("auth.pairing.list", {});
    return pairings.filter(({ role }) => role === "node");
  } catch (error) {
    if (error instanceof AlephError && error.reason === "forbidden") return [];
    throw error;
  }
}

function toArguments(command: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  // A command line needs no JSON around it.
  if (command === "exec" && !text.trimStart().startsWith("{")) return { command: text };
  return parseJsonObject(text, '{"path": "notes.md"}');
}

function toTimeout(text: string | undefined): { timeout_ms?: number } {
  if (text === undefined) return {};
  const ms = Number(text);
  if (Number.isInteger(ms) && ms > 0) return { timeout_ms: ms };
  throw new AlephError("invalid_params", `--timeout ${JSON.stringify(text)} is not a number of milliseconds`);
}
