import * as z from "zod";
import type { Commands } from "../../sdk/command.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsCommands = defineMethod({
  name: "plugins.commands",
  summary: "List the words that a message may begin with behind a slash: commands, which run at once, and prompts",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    commands: z.array(
      z.object({
        word: z.string(),
        plugin_id: z.string().nullable().describe("null for the commands of Aleph itself"),
        description: z.string(),
        kind: z.enum(["command", "prompt"]),
      }),
    ),
  }),
  async handle({ commands }: { commands: Pick<Commands, "words"> }) {
    const words = await commands.words();
    return { commands: words.map(({ plugin, ...word }) => ({ ...word, plugin_id: plugin })) };
  },
});
