/** `aleph mcp`: servers whose tools the agent uses, and the other way round, our tools for another agent. */

import type { Client, Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup, type Invocation } from "../command.ts";
import { findServer, withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { call, prompts, resources } from "../mcp/use.ts";
import { writeJson } from "../output.ts";
import { pinnedFetch } from "../pinned-fetch.ts";
import { confirm } from "../question.ts";
import { writeTable } from "../table.ts";
import type { Output } from "../terminal.ts";

type Server = Result<"mcp.list">["servers"][number];

const name = {
  type: "positional",
  required: true,
  description: "name of the server, see the list",
  completion: "mcp-servers",
} as const;
const common = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the MCP servers; one that nobody has seen yet is started for it",
  args: common,
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("mcp.list", {});
      if (args.json) return writeJson(out, result);
      if (result.servers.length === 0) {
        return void err.write("No MCP servers yet. config.toml has them as [mcp.servers.<name>]\n");
      }
      writeTable(out, result.servers, [
        { title: "SERVER", value: (server) => server.name },
        { title: "STATUS", value: ({ status }) => status },
        { title: "BY", value: ({ transport }) => transport },
        { title: "SANDBOX", value: ({ sandbox }) => sandbox ?? "" },
        { title: "TOOLS", value: ({ tools }) => String(tools.length), align: "right" },
        { title: "ERROR", value: ({ error }) => error?.message ?? "", flexible: true },
      ]);
      for (const step of result.servers.flatMap((server) => nextStep(server, invocation.program)))
        err.write(`${step}\n`);
    }),
});

const tools = defineCommand({
  summary: "Show the tools of a server, with what the agent calls them and whether they ask",
  args: { name, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await find(client, args.name);
      if (args.json) return writeJson(out, { tools: found.tools });
      if (found.tools.length === 0) {
        const why = found.error ? `: ${printableLine(found.error.message)}` : "";
        err.write(`${found.name} is ${found.status} and has no tools${why}\n`);
        const steps = nextStep(found, invocation.program);
        if (steps.length === 0 && found.status !== "running")
          err.write(`Start it: ${invocation.program} mcp start ${found.name}\n`);
        for (const step of steps) err.write(`${step}\n`);
        return;
      }
      writeTable(out, found.tools, [
        { title: "TOOL", value: ({ tool }) => tool },
        { title: "TIER", value: ({ tier }) => tier },
        { title: "DESCRIPTION", value: ({ description }) => printableLine(description), flexible: true },
      ]);
    }),
});

const start = defineCommand({
  summary: "Start a server of config.toml, also one that was stopped or failed",
  args: { name, ...common },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => said(invocation, args.json, await client.call("mcp.start", { name: args.name })),
      { serverOnly: true },
    ),
});

const stop = defineCommand({
  summary: "Stop a server until it is started again",
  args: { name, ...common },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => said(invocation, args.json, await client.call("mcp.stop", { name: args.name })),
      { serverOnly: true },
    ),
});

const approve = defineCommand({
  summary: "Look at what a held server says of its tools now, and take it",
  args: { name, yes: { type: "boolean", alias: "y", description: "do not ask" }, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const found = await find(client, args.name);
      if (!found.pending) {
        terminal.err.write(`${found.name} does not wait for an approval\n`);
        return EXIT.ok;
      }
      for (const { tool, change, before, after } of found.pending.changes) {
        terminal.err.write(`${tool}: ${change}\n`);
        writeChange(terminal.err, before, after);
      }
      if (!args.yes && !terminal.interactive) {
        throw usageError("There is no terminal to ask at", "Add --yes to approve what is shown");
      }
      if (!args.yes && !(await confirm(terminal, `Let ${found.name} have these tools?`, false))) {
        terminal.err.write("It stays held\n");
        return EXIT.failure;
      }
      const { sha256 } = found.pending;
      return said(invocation, args.json, await client.call("mcp.approve", { name: found.name, sha256 }));
    }),
});

const login = defineCommand({
  summary: "Log in at a remote server",
  details:
    "Prints the address to open in a browser. Where the browser runs on another machine than the server, call it once more with the address that the browser ended at.",
  args: {
    name,
    callback: { type: "positional", required: false, description: "the address that the browser ended at" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const { out, err } = invocation.terminal;
        const { callback } = args;
        const result = await client.call("mcp.login", {
          name: args.name,
          ...(callback === undefined ? {} : { callback }),
        });
        if (args.json) return writeJson(out, result);
        if (result.authorization_url === null) return void err.write(`Logged in at ${printableLine(args.name)}\n`);
        err.write("Open this address in a browser within ten minutes:\n");
        out.write(`${printableLine(result.authorization_url)}\n`);
      },
      { serverOnly: true },
    ),
});

const logout = defineCommand({
  summary: "Forget the login at a remote server",
  args: { name, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const result = await client.call("mcp.logout", { name: args.name });
      if (args.json) return writeJson(invocation.terminal.out, result);
      invocation.terminal.err.write(`Logged out at ${printableLine(result.name)}\n`);
    }),
});

const serve = defineCommand({
  summary: "Give our tools to another agent, as an MCP server on standard input and output",
  details: "It speaks for the server that runs; what asks there waits until somebody has answered.",
  examples: [["aleph mcp serve", "what an agent's configuration names as the command of a server"]],
  args: { ...serverFlags },
  run: async (args, { env, terminal }) => {
    const { origin, token, certificate } = await findServer(args, env);
    const { runBridge } = await import("../../mcp/bridge.ts");
    await runBridge({
      url: `${origin}/mcp`,
      token,
      input: terminal.input as AsyncIterable<Uint8Array>,
      write: (line) => terminal.out.write(line),
      warn: (text) => terminal.err.write(`${printableLine(text)}\n`),
      fetch: certificate === undefined ? fetch : pinnedFetch(certificate),
    });
  },
});

export const mcp = defineGroup({
  summary: "Use MCP servers, and be one for other agents",
  fallback: "list",
  commands: { list, tools, call, resources, prompts, start, stop, approve, login, logout, serve },
});

async function find(client: Client, wanted: string): Promise<Server> {
  const { servers } = await client.call("mcp.list", {});
  const found = servers.find((server) => server.name === wanted);
  if (found) return found;
  const known = servers.map((server) => server.name).join(", ");
  throw usageError(
    `There is no MCP server ${JSON.stringify(wanted)}`,
    known === "" ? "None is configured" : `There are: ${known}`,
  );
}

function said({ terminal, program }: Invocation, asJson: boolean | undefined, server: Server): number {
  if (asJson) writeJson(terminal.out, server);
  else {
    terminal.err.write(`${server.name} is ${server.status}\n`);
    for (const step of nextStep(server, program)) terminal.err.write(`${step}\n`);
  }
  return server.status === "failed" ? EXIT.failure : EXIT.ok;
}

function nextStep({ name: server, status }: Server, program: string): readonly string[] {
  if (status === "held")
    return [`${server} changed its tools and is held. Look at it: ${program} mcp approve ${server}`];
  if (status === "login_required") return [`${server} asks for a login: ${program} mcp login ${server}`];
  return [];
}

/** The lines from the first to the last that differ. */
function writeChange(out: Output, before: string | undefined, after: string | undefined): void {
  const [old, now] = [before, after].map((text) => (text === undefined ? [] : printable(text).split("\n"))) as [
    string[],
    string[],
  ];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const lines = (mark: string, all: string[]) =>
    all.slice(start, all.length - end).map((line) => `  ${mark} ${line}\n`);
  out.write([...lines("-", old), ...lines("+", now)].join(""));
}
