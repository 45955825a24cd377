/** `/think`: how much the model thinks before it answers in the conversation. */
import { nearest } from "../lib/nearest.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ThinkingLevel } from "../protocol/message.ts";
import { defineChatCommand } from "../sdk/command.ts";
import type { Sessions } from "../session/sessions.ts";

export interface ThinkNeeds {
  readonly sessions: Pick<Sessions, "get" | "patch">;
}

/** As `THINKING_LEVELS`, whose file loads schemas. */
const LEVELS: Readonly<Record<ThinkingLevel, true>> = { off: true, low: true, medium: true, high: true };

export const thinkCommand = defineChatCommand<ThinkNeeds>({
  word: "think",
  argument: `[${Object.keys(LEVELS).join("|")}|default]`,
  summary: "Show or set how much the model thinks in this conversation",
  scope: "chat",
  forGuests: false,
  async run({ sessions }, { text }, { sessionKey }) {
    const wanted = text.toLowerCase();
    if (wanted === "") {
      const { thinking } = sessions.get(sessionKey);
      return thinking === null ? "Thinking is as the agent's own settings say." : `Thinking is ${thinking} here.`;
    }
    if (wanted === "default") {
      await sessions.patch(sessionKey, { thinking: null });
      return "Thinking is as the agent's own settings say from here on.";
    }
    if (!isLevel(wanted)) {
      const names = [...Object.keys(LEVELS), "default"];
      const near = nearest(wanted, names);
      throw new AlephError("invalid_params", `"${wanted.slice(0, 40)}" is no thinking level`, {
        data: { hint: near ? `Did you mean "${near}"?` : `There are: ${names.join(", ")}` },
      });
    }
    await sessions.patch(sessionKey, { thinking: wanted });
    return `Thinking is ${wanted} from here on.`;
  },
});

function isLevel(text: string): text is ThinkingLevel {
  return Object.hasOwn(LEVELS, text);
}
