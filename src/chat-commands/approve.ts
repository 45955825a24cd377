/** `/approve`: lets a tool call run that waits for an answer. */
import { AlephError } from "../protocol/errors.ts";
import { defineChatCommand } from "../sdk/command.ts";
import { type ApprovalNeeds, answerApproval, listText, openQuestions } from "./answer-approval.ts";

const FOR = { once: "once", session: "in this session", always: "for always" } as const;

export const approveCommand = defineChatCommand<ApprovalNeeds>({
  word: "approve",
  argument: `[ID [${Object.keys(FOR).join("|")}]]`,
  summary: "Allow a tool call that waits, or show what waits",
  scope: "approve",
  forGuests: false,
  async run(needs, { words: [approvalId, howLong = "once", ...rest] }, place) {
    if (approvalId === undefined) {
      const open = openQuestions(needs, place);
      return open.length === 0 ? "Nothing waits for an answer." : `These wait for an answer:\n\n${listText(open)}`;
    }
    const decision = howLong.toLowerCase();
    if (!isHowLong(decision) || rest.length > 0) {
      throw new AlephError("invalid_params", `"${[howLong, ...rest].join(" ").slice(0, 80)}" says not for how long`, {
        data: { hint: "Write `once`, `session` or `always` behind the id, or nothing for once" },
      });
    }
    const { tool } = await answerApproval(needs, place, { approvalId, decision });
    return `Allowed \`${tool}\` ${FOR[decision]}.`;
  },
});

function isHowLong(text: string): text is keyof typeof FOR {
  return Object.hasOwn(FOR, text);
}
