/** `/new`: a fresh conversation in the same place. */
import { defineChatCommand } from "../sdk/command.ts";
import { type BeginAnewNeeds, beginAnew } from "./begin-anew.ts";

export const newCommand = defineChatCommand<BeginAnewNeeds>({
  word: "new",
  summary: "Begin a new conversation; what was said before stays in the history",
  scope: "chat",
  forGuests: true,
  async run(needs, _typed, { sessionKey }) {
    await beginAnew(needs, sessionKey);
    return "A new conversation begins here.";
  },
});
