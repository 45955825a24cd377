/** `aleph nodes`: the machines that work for this one. */
import type { Client } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { writeQuestion } from "../conversation/approval.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { confirm } from "../question.ts";
import { writeTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const named = { type: "positional", required: true, description: "name or id of the node, see the list" } as const;

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
      if (result.nodes.length === 0) return void err.write("No nodes. Add one with: aleph-server node --center URL\n");
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
      async ({ client }) => {
        const { terminal } = invocation;
        const { node, command } = args;
        const params = { node, command, args: toArguments(command, args.args), ...toTimeout(args.timeout) };
        using _asking = await answerQuestions(client, terminal, params);
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
    code: { type: "positional", required: true, description: "the code that the node shows" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { out, err } = invocation.terminal;
        const result = await client.call("node.approve", { code: args.code });
        if (args.json) writeJson(out, result);
        else err.write(`Let in: ${result.name}\n`);
      },
      { serverOnly: true },
    ),
});

const revoke = defineCommand({
  summary: "Let a node in no more, and end its connection at once",
  args: { node: named, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("node.revoke", { node: args.node });
      if (args.json) writeJson(out, result);
      else err.write("Let in no more\n");
    }),
});

export const nodes = defineGroup({
  summary: "See and use the machines that work for this one",
  fallback: "list",
  commands: { list, get, invoke, approve, revoke },
});

/** Questions about this very call, where a person can be asked. */
async function answerQuestions(
  client: Client,
  terminal: Terminal,
  wanted: { readonly node: string; readonly command: string },
): Promise<Disposable> {
  return client.subscribe("approval.requested", (event) => {
    const { data } = event as EventFrame<"approval.requested">;
    const plan = data.plan as { readonly node?: unknown; readonly node_id?: unknown; readonly command?: unknown };
    const isOurs = plan.node === wanted.node || plan.node_id === wanted.node;
    if (data.tool !== "node_invoke" || !isOurs || plan.command !== wanted.command || data.run_id !== null) return;
    if (!terminal.interactive) {
      terminal.err.write(`It waits for approval: aleph approvals approve ${data.approval_id}\n`);
      return;
    }
    writeQuestion(terminal.err, data);
    void confirm(terminal, "Run it", false).then((yes) =>
      client.call("approvals.resolve", { approval_id: data.approval_id, decision: yes ? "once" : "deny" }),
    );
  });
}

function toArguments(command: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  // A command line needs no JSON around it.
  if (command === "exec" && !text.trimStart().startsWith("{")) return { command: text };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw notArguments(cause);
  }
  throw notArguments();
}

function notArguments(cause?: unknown): AlephError {
  return new AlephError("invalid_params", "The arguments must be a JSON object", {
    cause,
    data: { hint: `For example '{"path": "notes.md"}'` },
  });
}

function toTimeout(text: string | undefined): { timeout_ms?: number } {
  if (text === undefined) return {};
  const ms = Number(text);
  if (Number.isInteger(ms) && ms > 0) return { timeout_ms: ms };
  throw new AlephError("invalid_params", `--timeout ${JSON.stringify(text)} is not a number of milliseconds`);
}
