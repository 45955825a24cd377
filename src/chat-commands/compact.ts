/** `/compact`: tells the model of the older part of the conversation by notes. */
import type { Compactions } from "../agent/compactions.ts";
import { defineChatCommand } from "../sdk/command.ts";

export interface CompactNeeds {
  readonly compactions: Pick<Compactions, "compact">;
}

export const compactCommand = defineChatCommand<CompactNeeds>({
  word: "compact",
  summary: "Make the conversation shorter for the model: notes stand for its older part, every message is kept",
  scope: "chat",
  forGuests: false,
  async run({ compactions }, _typed, { sessionKey, grant }, signal) {
    const made = await compactions.compact(sessionKey, { grant, credential: undefined }, signal);
    if (!made) return "Nothing here is old enough to be told by notes.";
    const { tokensBefore, tokensAfter } = made.mark;
    return `The conversation takes about ${count(tokensAfter)} tokens now; it took ${count(tokensBefore)}.`;
  },
});

function count(tokens: number): string {
  return Math.round(tokens).toLocaleString("en-US");
}
