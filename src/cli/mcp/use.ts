/** `aleph mcp call`, `resources` and `prompts`: what a server offers, used by hand. */
import type { Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { answerQuestions } from "../conversation/own-questions.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags, sessionFlag, sessionOf } from "../flags.ts";
import { parseJsonObject } from "../json-object.ts";
import { oneCall } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";
import type { Output } from "../terminal.ts";

const server = {
  type: "positional",
  required: true,
  description: "name of the server",
  completion: "mcp-servers",
} as const;
const common = { ...jsonFlag, ...serverFlags } as const;

export const call = defineCommand({
  summary: "Call a tool of a server, through the same gate as in a run",
  details: 'What needs your word is asked here at a terminal; otherwise it waits for "aleph approvals".',
  args: {
    server,
    tool: { type: "positional", required: true, description: "as the server calls it, see aleph mcp tools" },
    args: { type: "positional", required: false, description: "what it takes, as a JSON object" },
    ...sessionFlag,
    ...common,
  },
  run: (args, invocation) => {
    const given = args.args === undefined ? {} : parseJsonObject(args.args, '{"city": "Oslo"}');
    return withClient(args, invocation, async (connected): Promise<number> => {
      const { client } = connected;
      const { terminal } = invocation;
      using _asking = await answerQuestions(connected, invocation, ({ tool }) => tool.includes(args.tool));
      const { server: name, tool } = args;
      const result = await client.call("mcp.call", { server: name, tool, arguments: given, ...sessionOf(args) });
      if (args.json) writeJson(terminal.out, result);
      else for (const part of result.content) writeContent(result.isError ? terminal.err : terminal.out, part);
      return result.isError ? EXIT.failure : EXIT.ok;
    });
  },
});

export const resources = defineCommand({
  summary: "List the resources of a server, or read one",
  args: { server, uri: { type: "positional", required: false, description: "read this one" }, ...common },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "mcp.resources",
      params: { server: args.server, ...(args.uri === undefined ? {} : { uri: args.uri }) },
      tell({ resources: found = [], templates = [], contents }, { out, err }) {
        if (contents) {
          for (const content of contents) writeContent(out, { type: "resource", resource: content });
          return;
        }
        const all = [...found, ...templates];
        if (all.length === 0) return err.write("It has no resources\n");
        writeTable(out, all, [
          { title: "URI", value: ({ uri, uriTemplate }) => wordOf(uri ?? uriTemplate) },
          { title: "TYPE", value: ({ mimeType }) => wordOf(mimeType) },
          { title: "NAME", value: ({ title, name }) => wordOf(title ?? name), flexible: true },
        ]);
      },
    }),
});

export const prompts = defineCommand({
  summary: "List the prompts of a server, or get one filled in",
  args: {
    server,
    prompt: { type: "positional", required: false, description: "get this one" },
    args: { type: "positional", required: false, description: "what it takes, as a JSON object of strings" },
    ...common,
  },
  run: (args, invocation) => {
    const given = args.args === undefined ? {} : parseJsonObject(args.args, '{"topic": "gardens"}');
    for (const [name, value] of Object.entries(given)) {
      if (typeof value !== "string") throw usageError(`${JSON.stringify(name)} must be a string`, "Put it in quotes");
    }
    return oneCall(args, invocation, {
      method: "mcp.prompts",
      params: {
        server: args.server,
        arguments: given as Record<string, string>,
        ...(args.prompt === undefined ? {} : { name: args.prompt }),
      },
      tell: writePrompts,
    });
  },
});

function writePrompts(
  { prompts: found = [], messages }: Result<"mcp.prompts">,
  { out, err }: { readonly out: Output; readonly err: Output },
): void {
  if (messages) {
    for (const { role, content } of messages) {
      out.write(`${out.style.bold(printableLine(wordOf(role)))}\n`);
      writeContent(out, content);
    }
  } else if (found.length === 0) err.write("It has no prompts\n");
  else {
    writeTable(out, found, [
      { title: "PROMPT", value: ({ name }) => wordOf(name) },
      {
        title: "TAKES",
        value: ({ arguments: taken }) => (Array.isArray(taken) ? taken.map(({ name }) => name).join(", ") : ""),
      },
      { title: "DESCRIPTION", value: ({ description, title }) => wordOf(description ?? title), flexible: true },
    ]);
  }
}

/** Text as text, all else as what it is. */
function writeContent(out: Output, part: unknown): void {
  const { text, resource, ...rest } = part as {
    readonly text?: unknown;
    readonly resource?: { readonly text?: unknown };
  };
  const words = text ?? resource?.text;
  if (typeof words === "string") out.write(`${(out.isTerminal ? printable(words) : words).trimEnd()}\n`);
  else writeJson(out, resource ?? rest);
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
