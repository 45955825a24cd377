/** Shows what a tool call would do, whole and with nothing hidden, and asks whether it may. */

import type { Params } from "../../client/client.ts";
import { exactLine, printableLine } from "../../lib/terminal-text.ts";
import type { EventData } from "../../protocol/events.ts";
import { formatDuration } from "../format.ts";
import type { Output } from "../terminal.ts";
import type { Lines } from "./lines.ts";

export type Decision = Params<"approvals.resolve">["decision"];
export type Question = Pick<
  EventData<"approval.requested">,
  "approval_id" | "tool" | "plan" | "reason" | "pattern" | "expires_at"
>;

const ANSWERS: Readonly<Record<string, Decision>> = {
  y: "once",
  yes: "once",
  once: "once",
  s: "session",
  session: "session",
  a: "always",
  always: "always",
  n: "deny",
  no: "deny",
  deny: "deny",
};
const CHOICES = "y once, s this session, a always, n deny";
const CHOICES_WITHOUT_ALWAYS = "y once, s this session, n deny";

/**
 * The whole plan. Each line of it stands behind a bar of ours, also where it is wrapped: what a model wrote can look
 * neither like another field nor like our question.
 */
export function writeQuestion(output: Output, { tool, plan, reason, pattern }: Omit<Question, "expires_at">): void {
  const { bold, dim, yellow } = output.style;
  output.write(`\n${yellow("?")} ${bold(`Allow ${exactLine(tool)}?`)}  ${dim(printableLine(reason))}\n`);
  writePlan(output, plan);
  if (pattern) writePlan(output, { always: pattern });
}

/** Every part of it, each line behind our bar. */
export function writePlan(output: Output, plan: unknown): void {
  const { dim } = output.style;
  const entries: [string, unknown][] =
    typeof plan === "object" && plan !== null ? Object.entries(plan).flatMap(rows) : [["plan", plan]];
  const room = (output.width ?? 100) - 6;
  // A line that the terminal itself broke would go on without our bar.
  const widest = Math.max(1, Math.min(24, Math.floor(room / 2)));
  const left = Math.min(widest, Math.max(...entries.map(([name]) => Bun.stringWidth(exactLine(name)))));
  const width = Math.max(1, room - left);
  for (const [name, value] of entries) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const titles = wrapExact(exactLine(name), left);
    const lines = text.split("\n").flatMap((line) => wrapExact(exactLine(line), width));
    for (let at = 0; at < Math.max(titles.length, lines.length); at++) {
      const title = titles[at] ?? "";
      const space = " ".repeat(Math.max(0, left - Bun.stringWidth(title)));
      output.write(`  ${dim(title)}${space} ${dim("│")} ${lines[at] ?? ""}\n`);
    }
  }
}

/** A table within the plan has a row for each of its keys: JSON of several lines is hard to judge. */
function rows([name, value]: [string, unknown]): [string, unknown][] {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  return isTable ? Object.entries(value).map(([key, each]) => [`${name}.${key}`, each]) : [[name, value]];
}

/** Asks until there is an answer, or `signal` aborts because someone else gave it. Lines typed before do not count. */
export async function askApproval(
  output: Output,
  lines: Lines,
  question: Question,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<Decision | undefined> {
  const answered = Promise.withResolvers<Decision | undefined>();
  const before = lines.onLine;
  const choices = question.pattern === null ? CHOICES_WITHOUT_ALWAYS : CHOICES;
  const show = () => output.write(`  ${output.style.bold("Your answer:")} `);
  const stop = () => answered.resolve(undefined);
  lines.onLine = (line) => {
    const decision = ANSWERS[line.trim().toLowerCase()];
    if (decision && !(decision === "always" && question.pattern === null)) return answered.resolve(decision);
    output.write(`  Please answer with one of: ${choices}\n`);
    show();
  };
  signal.addEventListener("abort", stop, { once: true });
  void lines.ended.then(() => answered.resolve("deny"));
  writeQuestion(output, question);
  const left = question.expires_at - now;
  output.write(`  ${output.style.dim(`${choices}${left > 0 ? ` · expires in ${formatDuration(left)}` : ""}`)}\n`);
  show();
  try {
    return await answered.promise;
  } finally {
    lines.onLine = before;
    signal.removeEventListener("abort", stop);
  }
}

function wrapExact(line: string, width: number): string[] {
  const wrapped: string[] = [];
  let current = "";
  let used = 0;
  for (const character of line) {
    const own = Bun.stringWidth(character);
    if (used + own > width) {
      wrapped.push(current);
      current = "";
      used = 0;
    }
    current += character;
    used += own;
  }
  return [...wrapped, current];
}
