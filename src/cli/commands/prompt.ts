/** `aleph prompt`: what the model is told before the conversation, and how much room it takes. */
import { printable } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

export const prompt = defineCommand({
  summary: "Show what the model is told before the conversation, and how much room it takes",
  details:
    "Sizes are estimated tokens. Parts come in their order: what never changes first, so that caches of providers hit.",
  args: {
    agent: { type: "string", valueHint: "name", description: "of this agent", completion: "agents" },
    session: { type: "string", valueHint: "key", description: "of this session", completion: "sessions" },
    text: { type: "boolean", description: "show the text itself" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const report = await client.call("agent.prompt", {
        ...(args.agent === undefined ? {} : { agent: args.agent }),
        ...(args.session === undefined ? {} : { session_key: args.session }),
      });
      if (args.json) return writeJson(out, report);
      if (args.text) {
        out.write(`${report.parts.map(({ text }) => printable(text)).join("\n\n")}\n`);
        return;
      }
      const sum = report.tools.reduce((all, { tokens }) => all + tokens, 0);
      const rows = [
        ...report.parts,
        ...report.tools
          .toSorted((a, b) => b.tokens - a.tokens)
          .map(({ name, tokens }) => ({ name: `tool ${name}`, tokens })),
        { name: `all ${report.tools.length} tools`, tokens: sum },
        { name: "all", tokens: report.tokens },
      ];
      writeTable(out, rows, [
        { title: "PART", value: ({ name }) => name },
        { title: "TOKENS", value: ({ tokens }) => String(tokens) },
      ]);
    }),
});
