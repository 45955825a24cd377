/** `/stop`: ends what runs and waits in the conversation. */
import { defineChatCommand } from "../sdk/command.ts";
import { type StopNeeds, stopRuns } from "./stop-runs.ts";

export const stopCommand = defineChatCommand<StopNeeds>({
  word: "stop",
  summary: "Stop what runs in this conversation, and what waits",
  scope: "chat",
  forGuests: true,
  async run(needs, _typed, { sessionKey }) {
    const count = await stopRuns(needs, sessionKey);
    if (count === 0) return "Nothing runs in this conversation.";
    return count === 1 ? "Stopped the run." : `Stopped ${count} runs.`;
  },
});
