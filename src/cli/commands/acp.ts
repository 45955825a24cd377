/** `aleph acp`: the agent for an editor, over standard input and output. */
import { printableLine } from "../../lib/terminal-text.ts";
import { VERSION } from "../../lib/version.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { createLink } from "../conversation/link.ts";
import { serverFlags } from "../flags.ts";

export const acp = defineCommand({
  summary: "Be the agent of an editor that speaks the Agent Client Protocol, on standard input and output",
  details: "It speaks for the server that runs; without one it works by itself, on the same home.",
  examples: [
    ["aleph acp", "what an editor's configuration names as the command of an agent"],
    ["aleph acp --agent coder", "with an agent of its own, whose workspace is the project"],
  ],
  args: {
    agent: {
      type: "string",
      valueHint: "name",
      description: "the agent of new sessions; the one whose workspace the editor's folder is, else main",
    },
    ...serverFlags,
  },
  run: (args, invocation) => {
    const { terminal } = invocation;
    const warn = (text: string) => terminal.err.write(`${printableLine(text)}\n`);
    const link = createLink({ notice: warn });
    return withClient(
      args,
      invocation,
      async ({ client }) => {
        const { serveEditor } = await import("../../acp/stdio.ts");
        await serveEditor({
          client,
          agent: args.agent,
          version: VERSION,
          warn,
          connected: () => link.connected(),
          input: terminal.input,
          write: (text) => terminal.out.write(text),
        });
      },
      { recover: true, reconnect: true, onState: link.onState },
    );
  },
});
