/** `aleph tools`: what the agent may use, and one of it used by hand, through the same gate. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { answerQuestions } from "../conversation/own-questions.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags, sessionFlag, sessionOf } from "../flags.ts";
import { parseJsonObject } from "../json-object.ts";
import { oneCall } from "../one-call.ts";
import { writeOutcome } from "../outcome.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const flags = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the tools that an agent may use",
  details: "With --json also the JSON Schema of what each takes.",
  args: {
    agent: { type: "string", valueHint: "name", description: "whose tools", default: "main", completion: "agents" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "tool.list",
      params: { agent: args.agent },
      tell({ tools: found }, { out }) {
        writeTable(out, found, [
          { title: "TOOL", value: ({ name }) => name },
          { title: "GUESTS", value: ({ guests }) => (guests ? "yes" : "no") },
          { title: "DESCRIPTION", value: ({ description }) => description.split("\n", 1)[0], flexible: true },
        ]);
      },
    }),
});

const call = defineCommand({
  summary: "Use a tool by hand, through the same gate as in a run",
  details: 'What needs your word is asked here at a terminal; otherwise it waits for "aleph approvals".',
  args: {
    tool: { type: "positional", required: true, description: "name of the tool, see the list", completion: "tools" },
    args: { type: "positional", required: false, description: "what it takes, as a JSON object" },
    ...sessionFlag,
    ...flags,
  },
  examples: [[`aleph tools call read '{"path": "notes.md"}'`, "reads a file of the workspace"]],
  run: (args, invocation) => {
    const { tool } = args;
    const given = args.args === undefined ? {} : parseJsonObject(args.args, '{"path": "notes.md"}');
    return withClient(args, invocation, async (connected): Promise<number> => {
      const { client } = connected;
      const { terminal } = invocation;
      using _asking = await answerQuestions(connected, invocation, (asked) => asked.tool === tool);
      const done = await client.call("tool.call", { tool, args: given, ...sessionOf(args) });
      if (args.json) writeJson(terminal.out, done);
      else writeOutcome(done, terminal);
      return done.ok ? EXIT.ok : EXIT.failure;
    });
  },
});

export const tools = defineGroup({
  summary: "See what the agent may use, and use it by hand",
  fallback: "list",
  commands: { list, call },
});
