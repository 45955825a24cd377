/** A question about a tool call as a message: the whole plan, and buttons for the answers. */
import { exactLine } from "../lib/terminal-text.ts";
import type { EventData } from "../protocol/events.ts";
import type { Button } from "../sdk/channel.ts";

const PREFIX = "ap:";
const LETTERS = { o: "once", s: "session", a: "always", d: "deny" } as const;
/** A fence that is longer would leave a message no room for what stands in it, and the plan would come in parts without one. */
const LONG = /`{40,}/g;
const ESCAPED = "\\x60";
export type Decision = (typeof LETTERS)[keyof typeof LETTERS];

export function approvalText({ tool, reason, plan, pattern, approval_id }: EventData<"approval.requested">): string {
  const always = pattern ? [`Allowed for always would be:\n\n${block(pattern)}`] : [];
  return [
    `**Allow ${code(tool)}?** ${exactLine(reason)}`,
    block(plan),
    ...always,
    `Answer with a button, or \`/approve ${approval_id}\` or \`/deny ${approval_id}\`.`,
  ].join("\n\n");
}

export function approvalButtons({
  approval_id,
  pattern,
}: EventData<"approval.requested">): readonly (readonly Button[])[] {
  const button = (letter: keyof typeof LETTERS, label: string) => ({
    label,
    value: `${PREFIX}${letter}:${approval_id}`,
  });
  const always = pattern === null ? [] : [button("a", "Always")];
  return [[button("o", "Once"), button("s", "This session"), ...always], [button("d", "Deny")]];
}

/** Nothing for the value of another button. */
export function readApprovalButton(
  value: string,
): { readonly approvalId: string; readonly decision: Decision } | undefined {
  const [, letter, approvalId] = /^ap:([osad]):(\w{1,58})$/.exec(value) ?? [];
  if (letter === undefined || approvalId === undefined) return undefined;
  return { approvalId, decision: LETTERS[letter as keyof typeof LETTERS] };
}

/** Each part of it in a line of its own, in a fence that nothing in it can close; what could hide shows as an escape. */
function block(plan: unknown): string {
  const entries = typeof plan === "object" && plan !== null ? Object.entries(plan) : [["plan", plan] as const];
  const lines = entries.flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
    return `${name}: ${text}`
      .split("\n")
      .map((line) => exactLine(line).replace(LONG, (run) => ESCAPED.repeat(run.length)));
  });
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return [fence, ...lines, fence].join("\n");
}

function code(text: string): string {
  return `\`${exactLine(text).replaceAll("`", "'")}\``;
}
