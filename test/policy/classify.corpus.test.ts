/** The corpus: every line in the tier that it must have, or one of those that it may have. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { commandSite, type TestSite } from "../support/command-site.ts";
import { ADVISORIES } from "./corpus/advisories.ts";
import { DAILY } from "./corpus/daily.ts";
import { DENIED, NOT_DENIED } from "./corpus/denied.ts";
import { EVERYDAY } from "./corpus/everyday.ts";
import { HOSTILE } from "./corpus/hostile.ts";
import { SHELL_ESCAPES } from "./corpus/shell-escapes.ts";

let site: TestSite;

beforeAll(async () => {
  site = await commandSite();
});

afterAll(() => site[Symbol.asyncDispose]());

const NEVER_UNASKED = { ...HOSTILE, ...ADVISORIES, ...SHELL_ESCAPES };

test("the corpus has more than a thousand different lines", () => {
  const hostile = new Set(Object.values(NEVER_UNASKED).flat());
  const denied = new Set(Object.values(DENIED).flat());
  const harmless = new Set([...EVERYDAY, ...DAILY]);
  expect(hostile.size).toBeGreaterThan(750);
  expect(denied.size).toBeGreaterThan(180);
  expect(harmless.size).toBeGreaterThan(200);
  expect(new Set([...hostile, ...denied, ...harmless, ...NOT_DENIED]).size).toBeGreaterThan(1000);
});

for (const [way, lines] of Object.entries(NEVER_UNASKED)) {
  test(`classifyCommand never lets run unasked: ${way}`, async () => {
    const verdicts = await site.tiersOf(lines);
    expect(verdicts.filter(({ tier }) => tier === "allow")).toEqual([]);
  });
}

for (const [what, lines] of Object.entries(DENIED)) {
  test(`classifyCommand refuses: ${what}`, async () => {
    const verdicts = await site.tiersOf(lines);
    expect(verdicts.filter(({ tier }) => tier !== "deny")).toEqual([]);
  });
}

test("classifyCommand asks for what is near to a refused line but is not one", async () => {
  const verdicts = await site.tiersOf(NOT_DENIED);
  expect(verdicts.filter(({ tier }) => tier !== "ask")).toEqual([]);
});

test("classifyCommand lets everyday looking around run", async () => {
  const verdicts = await site.tiersOf(EVERYDAY);
  expect(verdicts.filter(({ tier }) => tier !== "allow")).toEqual([]);
});

test("classifyCommand asks for at most one harmless line in twenty, and refuses none", async () => {
  const verdicts = await site.tiersOf([...new Set([...EVERYDAY, ...DAILY])]);
  expect(verdicts.filter(({ tier }) => tier === "deny")).toEqual([]);
  const asking = verdicts.filter(({ tier }) => tier === "ask");
  // When this fails, the lines say what it asks about.
  expect({ enough: asking.length <= verdicts.length * 0.05, asking: asking.map(({ line }) => line) }).toEqual({
    enough: true,
    asking: [
      "grep -rnw src -e hello",
      "git status",
      "git log --oneline -5",
      "git diff",
      "sed -n '1,20p' README.md",
      "find src -name '*.ts'",
      "cd src && ls",
      "ls *.md",
      "cat README.md 2>/dev/null",
    ],
  });
});
