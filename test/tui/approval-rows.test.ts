import { expect, test } from "bun:test";
import type { Question } from "../../src/panel/state/approvals.ts";
import { answerLine, planLines } from "../../src/tui/approval-rows.ts";
import type { Line } from "../../src/tui/line.ts";

const text = (line: Line): string =>
  line
    .map((piece) => piece.text)
    .join("")
    .trimEnd();

function question(plan: unknown, more: Partial<Question> = {}): Question {
  return {
    approval_id: "a1",
    tool: "exec",
    plan,
    reason: "It writes a file",
    pattern: null,
    run_id: "r1",
    call_id: "c1",
    session_key: "agent:main:main",
    expires_at: 120_000,
    ...more,
  };
}

test("an approval shows every part of its plan, what a person judges by first", () => {
  const plan = { mode: "shell", env: { A: "1" }, cwd: "/tmp", command: "rm -r\nsecond line", argv: ["a", "b"] };
  expect(planLines(question(plan), 60).map(text)).toEqual([
    "? Allow exec?  It writes a file",
    "command │ rm -r",
    "        │ second line",
    "cwd     │ /tmp",
    "mode    │ shell",
    "env.A   │ 1",
    'argv    │ ["a","b"]',
  ]);
});

test("an approval hides nothing: what is not seen shows by its number, long lines go on below", () => {
  const lines = planLines(question({ command: `a\u200bb\x1b[2J${"x".repeat(60)}` }), 40).map(text);
  expect(lines.join("")).toContain("a\\u{200b}b\\x1b[2J");
  expect(lines.slice(1).every((line) => line.includes("│"))).toBe(true);
  expect(lines.join("").match(/x/g)).toHaveLength(60 + 1 + "exec".match(/x/g)!.length);
});

test("an approval's reason and tool cannot look like something else", () => {
  const [title] = planLines(question("p", { tool: "exec\n? Allow", reason: "no\u202ething" }), 80).map(text);
  expect(title).toBe("? Allow exec\\n? Allow?  no\\u{202e}thing");
});

test("the keys are told when they count", () => {
  const told = (more: Partial<Question>, state: { focused: boolean; ready: boolean }) =>
    text(answerLine(question({}, more), { ...state, now: 0 }));
  expect(told({}, { focused: false, ready: true })).toBe("Tab answers this  expires in 2 min");
  expect(told({}, { focused: true, ready: false })).toBe("…  expires in 2 min");
  expect(told({}, { focused: true, ready: true })).toBe("y once  n deny  s this session  Esc later  expires in 2 min");
  expect(told({ pattern: { program: "ls" } }, { focused: true, ready: true })).toContain("a always");
  expect(told({ expires_at: -1 }, { focused: true, ready: true })).toContain("expired");
});
