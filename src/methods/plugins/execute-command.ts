import * as z from "zod";
import { argsOf } from "../../plugin/commands.ts";
import { agentOf, canonicalSessionKey, MAIN_SESSION_KEY, parseSessionKey } from "../../protocol/session-key.ts";
import type { Commands } from "../../sdk/command.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsExecuteCommand = defineMethod({
  name: "plugins.executeCommand",
  summary: "Run a plugin's command at once, without a model and without a trace in the conversation",
  scope: "write",
  params: z.strictObject({
    plugin_id: z.string(),
    command: z.string(),
    /** A text is what a person would type behind the command. */
    args: z.union([z.string(), z.record(z.string(), z.unknown())]).default(""),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  result: z.object({ result: z.string() }),
  async handle(
    { commands }: { commands: Pick<Commands, "run"> },
    { plugin_id: plugin, command, args, session_key },
    { grant, signal },
  ) {
    const sessionKey = canonicalSessionKey(session_key);
    const place = {
      agent: agentOf(parseSessionKey(sessionKey)),
      sessionKey,
      runId: null,
      grant: grant!,
    };
    const call = { plugin, command, args: typeof args === "string" ? argsOf(args) : args };
    return { result: await commands.run(call, place, signal) };
  },
});
