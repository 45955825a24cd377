/** `/deny`: refuses a tool call that waits for an answer. */
import { AlephError } from "../protocol/errors.ts";
import { defineChatCommand } from "../sdk/command.ts";
import { type ApprovalNeeds, answerApproval, listText, openQuestions } from "./answer-approval.ts";

export const denyCommand = defineChatCommand<ApprovalNeeds>({
  word: "deny",
  argument: "[ID]",
  summary: "Refuse a tool call that waits, or show what waits",
  scope: "approve",
  forGuests: false,
  async run(needs, { words: [approvalId, ...rest] }, place) {
    if (approvalId === undefined) {
      const open = openQuestions(needs, place);
      return open.length === 0 ? "Nothing waits for an answer." : `These wait for an answer:\n\n${listText(open)}`;
    }
    if (rest.length > 0) {
      throw new AlephError("invalid_params", "One call is refused at a time", { data: { hint: "Write one id" } });
    }
    const { tool } = await answerApproval(needs, place, { approvalId, decision: "deny" });
    return `Denied \`${tool}\`.`;
  },
});
