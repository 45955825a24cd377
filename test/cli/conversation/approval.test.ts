import { expect, test } from "bun:test";
import { writePlan, writeQuestion } from "../../../src/cli/conversation/approval.ts";
import { testOutput } from "../../support/output.ts";

const question = { approval_id: "approval_1", tool: "exec", reason: "It changes something", expires_at: 0 };

test("a question shows the whole plan, each field by its name", () => {
  const output = testOutput(80);
  writeQuestion(output, { ...question, plan: { command: "git push", argv: ["git", "push"], cwd: "/work" } });
  expect(output.text.split("\n")).toEqual([
    "",
    "? Allow exec?  It changes something",
    "  command │ git push",
    '  argv    │ ["git","push"]',
    "  cwd     │ /work",
    "",
  ]);
});

test("a table within a plan has a line for each of its keys", () => {
  const output = testOutput(80);
  const sandbox = { level: "kernel", network: [], limits: { memory_mb: 2048 } };
  writeQuestion(output, { ...question, plan: { command: "ls", env: {}, sandbox } });
  expect(output.text.split("\n").slice(2, -1)).toEqual([
    "  command         │ ls",
    "  env             │ {}",
    "  sandbox.level   │ kernel",
    "  sandbox.network │ []",
    '  sandbox.limits  │ {"memory_mb":2048}',
  ]);
});

test("a question shows control and invisible characters as escapes", () => {
  const output = testOutput(80);
  writeQuestion(output, { ...question, tool: "ex\x1bec", plan: { "na\u202eme": "a\x1b[2K\rb\u200b\ttab" } });
  expect(output.text.split("\n")).toEqual([
    "",
    "? Allow ex\\x1bec?  It changes something",
    "  na\\u{202e}me │ a\\x1b[2K\\rb\\u{200b}\\ttab",
    "",
  ]);
});

test("nothing in a plan can look like another field or like the question", () => {
  const output = testOutput(40);
  const command = `ls${" ".repeat(60)}cwd     │ /safe\n  Your answer: y\n? Allow read?`;
  writeQuestion(output, { ...question, plan: { command } });
  const lines = output.text.trimEnd().split("\n").slice(2);
  expect(lines.every((line) => /^ {2}(?:command| {7}) │ /.test(line))).toBe(true);
  expect(lines.every((line) => Bun.stringWidth(line) <= 40)).toBe(true);
  expect(lines.map((line) => line.slice("  command │ ".length)).join("")).toBe(command.replaceAll("\n", ""));
});

test.each([20, 40, 80])(
  "each line of a plan fits %d columns and has the bar, however long names and values are",
  (columns) => {
    const output = testOutput(columns);
    const name = `a-name-of-${"very-".repeat(20)}many-words`;
    const command = `echo ${"word ".repeat(30)}`;
    writePlan(output, { [name]: command, env: { GIT_TERMINAL_PROMPT: "0" } });
    const lines = output.text.trimEnd().split("\n");
    const at = lines[0]!.indexOf(" │");
    expect(lines.every((line) => line.indexOf(" │") === at && Bun.stringWidth(line) < columns)).toBe(true);
    const parts = lines.map((line) => [line.slice(2, at), line.slice(at + 3)]);
    expect(parts.map(([, value]) => value).join("")).toBe(`${command}0`);
    expect(parts.map(([title]) => title!.trim()).join("")).toBe(`${name}env.GIT_TERMINAL_PROMPT`);
  },
);

test("a plan that is no table is shown all the same", () => {
  const output = testOutput(80);
  writeQuestion(output, { ...question, plan: "rm -rf /" });
  expect(output.text).toContain("  plan │ rm -rf /\n");
});
