/** `aleph tui`: conversations on the whole terminal. */
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { homeOf, serverFlags } from "../flags.ts";
import type { Terminal } from "../terminal.ts";

export const tui = defineCommand({
  summary: "Talk to the agent on the whole terminal: conversations, tools, approvals",
  details:
    "This is what the bare command opens on a terminal. ? lists the keys.\nWorks with and without a running server, as chat does, and lets itself in with the same token or key.",
  args: {
    session: {
      type: "string",
      alias: "s",
      valueHint: "key",
      description: "open this session instead of agent:main:main",
      completion: "sessions",
    },
    new: { type: "boolean", alias: "n", description: "begin a new conversation" },
    theme: {
      type: "enum",
      options: ["dark", "light"],
      description: "instead of what the terminal's background asks for",
    },
    ...serverFlags,
  },
  examples: [
    ["aleph tui", "go on in the main conversation"],
    ["aleph tui --new", "begin a new one"],
  ],
  async run(args, invocation): Promise<number> {
    const { terminal, env } = invocation;
    if (args.new && args.session)
      throw usageError("--new and --session contradict each other", "Leave one of them out");
    checkTerminal(terminal, env.term, invocation.program);
    const { createWire } = await import("../../tui/wire.ts");
    const { openHistory } = await import("../conversation/history.ts");
    const { readAttachment } = await import("../attachment.ts");
    const { runTui } = await import("../../tui/tui.ts");
    const wire = createWire();
    const shown: { say: ((text: string) => void) | undefined } = { say: undefined };
    // What a core in this process has to report must not be written over the picture.
    const err = {
      ...terminal.err,
      write: (text: string) => (shown.say ? shown.say(text.trim()) : terminal.err.write(text)),
    };
    return withClient(
      args,
      { env, terminal: { ...terminal, err } },
      async ({ client }) => {
        const created = args.new ? await client.call("session.create", {}) : undefined;
        return runTui({
          client,
          wire,
          sessionKey: created?.session_key ?? args.session ?? MAIN_SESSION_KEY,
          history: openHistory(homeOf(args, env)),
          readAttachment,
          folder: process.cwd(),
          now: Date.now,
          createId: () => crypto.randomUUID(),
          variables: {
            noColor: env.noColor,
            term: env.term,
            colorTerm: env.all.COLORTERM,
            colorFgBg: env.all.COLORFGBG,
          },
          theme: args.theme as "dark" | "light" | undefined,
          onSay: (say) => {
            shown.say = say;
          },
        });
      },
      { reconnect: true, recover: true, onState: wire.onState },
    );
  },
});

function checkTerminal({ out, input }: Terminal, term: string | undefined, program: string): void {
  const hint = `Talk at the prompt instead: ${program} chat`;
  if (!out.isTerminal || input.isTTY !== true) throw usageError("The terminal interface needs a terminal", hint);
  if (term === undefined || term === "dumb") {
    throw usageError(`A terminal of the kind ${JSON.stringify(term ?? "")} cannot show it`, hint);
  }
}
