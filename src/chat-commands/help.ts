/** `/help`: what may be typed here. */
import type { Grant } from "../protocol/identity.ts";
import { defineChatCommand } from "../sdk/command.ts";

export interface HelpNeeds {
  /** What the caller may call: the word with what stands behind it, and what it is for. */
  readonly offered: (grant: Grant) => Promise<readonly { readonly usage: string; readonly description: string }[]>;
}

export const helpCommand = defineChatCommand<HelpNeeds>({
  word: "help",
  summary: "Show the commands",
  scope: "chat",
  forGuests: true,
  async run({ offered }, _typed, { grant }) {
    const lines = (await offered(grant)).map(({ usage, description }) => `- \`/${usage}\` ${description}`);
    return [...lines, "", "All else is a message to the model."].join("\n");
  },
});
