/** `/reset`: a fresh conversation, with the agent's own settings. */
import { defineChatCommand } from "../sdk/command.ts";
import { type BeginAnewNeeds, beginAnew } from "./begin-anew.ts";

export const resetCommand = defineChatCommand<BeginAnewNeeds>({
  word: "reset",
  summary: "Begin a new conversation with the agent's own model and thinking level",
  scope: "chat",
  forGuests: false,
  async run(needs, _typed, { sessionKey }) {
    await beginAnew(needs, sessionKey);
    await needs.sessions.patch(sessionKey, { model: null, thinking: null });
    return "A new conversation begins here, with the agent's own model and thinking level.";
  },
});
