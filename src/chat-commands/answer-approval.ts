/** Answers a question about a tool call, for `/approve` and `/deny`. */
import { rootOf } from "../channel/admission.ts";
import type { Approval, Approvals, Decision } from "../policy/approvals.ts";
import { AlephError } from "../protocol/errors.ts";
import type { CommandPlace } from "../sdk/command.ts";

export interface ApprovalNeeds {
  readonly approvals: Pick<Approvals, "list" | "resolve">;
}

/** Those that the caller may answer: people whom the owner let in over a channel, of their own conversation alone. */
export function openQuestions({ approvals }: ApprovalNeeds, { grant, sessionKey }: CommandPlace): readonly Approval[] {
  const isMine = ({ session_key }: Approval) => session_key !== null && rootOf(session_key) === sessionKey;
  const pending = approvals.list({ status: "pending" });
  return grant.identity.kind === "peer" ? pending.filter(isMine) : pending;
}

/** Named by its id: an answer must not go to another question than the one that was read. Throws `not_found`. */
export async function answerApproval(
  needs: ApprovalNeeds,
  place: CommandPlace,
  { approvalId, decision }: { readonly approvalId: string; readonly decision: Decision },
): Promise<Approval> {
  const open = openQuestions(needs, place);
  if (!open.some(({ approval_id }) => approval_id === approvalId)) {
    throw new AlephError("not_found", `No question "${approvalId.slice(0, 80)}" waits here`, {
      data: { hint: open.length === 0 ? "Nothing waits for an answer" : listText(open) },
    });
  }
  return needs.approvals.resolve({ approvalId, decision, by: place.grant.identity.id });
}

export function listText(open: readonly Approval[]): string {
  return open.map(({ approval_id, tool, reason }) => `- \`${approval_id}\`: ${tool} (${reason})`).join("\n");
}
