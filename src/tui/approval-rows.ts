/** What a tool call would do, whole and with nothing hidden, and the keys that answer. */
import { formatDuration } from "../lib/human-units.ts";
import { exactLine } from "../lib/terminal-text.ts";
import type { Decision, Question } from "../panel/state/approvals.ts";
import { chopLine, type Line, MUTED, STRONG, span, widthOf, wrapLine } from "./line.ts";

export const ANSWERS: Readonly<Record<string, Decision>> = { y: "once", s: "session", a: "always", n: "deny" };

/** What a person judges by, before what is the same each time. */
const FIRST = ["command", "url", "path", "cwd", "sandbox.allows", "sandbox.network", "sandbox.write"];

/** Every part of the plan behind a bar of ours, also where it is wrapped: what a model wrote can look like nothing else. */
export function planLines({ tool, plan, reason, pattern }: Question, width: number): Line[] {
  const isTable = typeof plan === "object" && plan !== null && !Array.isArray(plan);
  const parts = isTable ? Object.entries(plan).flatMap(partsOf) : [["plan", plan] as const];
  const always = pattern ? partsOf(["always", pattern]) : [];
  const order = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const sorted = parts.toSorted(([a], [b]) => order(a) - order(b));
  const all = [...sorted, ...always].map(([name, value]) => [exactLine(name), value] as const);
  const left = Math.min(24, Math.max(...all.map(([name]) => widthOf(name)), 0));
  const room = Math.max(12, width - left - 3);
  const title = wrapLine(
    [
      span("? ", { hue: "warn", bold: true }),
      span(`Allow ${exactLine(tool)}?`, STRONG),
      span(`  ${exactLine(reason)}`, MUTED),
    ],
    width,
  );
  const rows = all.flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    const lines = text.split("\n").flatMap((line) => chopLine([span(exactLine(line))], room));
    // A name that is too long for its column has lines of its own: nothing of it is left out.
    const isLong = widthOf(name) > left;
    const head = isLong ? chopLine([span(name, MUTED)], width) : [];
    const own = lines.map((line, at) => [
      span(`${at === 0 && !isLong ? name.padEnd(left) : " ".repeat(left)} │ `, MUTED),
      ...line,
    ]);
    return [...head, ...own];
  });
  return [...title, ...rows];
}

/** A table within the plan has a row for each of its keys: JSON of several lines is hard to judge. */
function partsOf([name, value]: readonly [string, unknown]): (readonly [string, unknown])[] {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  return isTable ? Object.entries(value).map(([key, each]) => [`${name}.${key}`, each] as const) : [[name, value]];
}

/** `ready` is false in its first moment, when a key may have been meant for something else. */
export function answerLine(
  question: Question,
  { focused, ready, now }: { focused: boolean; ready: boolean; now: number },
): Line {
  const left = question.expires_at - now;
  const until = left > 0 ? `  expires in ${formatDuration(left)}` : "  expired";
  if (!focused) return [span("Tab answers this", { hue: "warn" }), span(until, MUTED)];
  if (!ready) return [span("…", MUTED), span(until, MUTED)];
  // A narrow window cuts what stands last: the way to say no must not be that.
  const keys: readonly (readonly [string, string])[] = [
    ["y", "once"],
    ["n", "deny"],
    ["s", "this session"],
    ...(question.pattern === null ? [] : [["a", "always"] as const]),
  ];
  const choices = keys.flatMap(([key, what]) => [span(key, { hue: "warn", bold: true }), span(` ${what}  `)]);
  return [...choices, span(`Esc later${until}`, MUTED)];
}
