import { expect, test } from "bun:test";
import { approvalText } from "../../src/channel/approval-text.ts";
import { splitText } from "../../src/channel/split-text.ts";

const ABOUT = { approval_id: "ap_1", tool: "exec", reason: "It writes", pattern: null } as const;
const questionAbout = (command: string) =>
  approvalText({ ...ABOUT, plan: { command }, run_id: null, call_id: null, session_key: null, expires_at: 1 });

test("approvalText shows the plan in a fence that nothing in it can close", () => {
  expect(questionAbout("echo ```\n```\nrm x")).toBe(
    [
      "**Allow `exec`?** It writes",
      "````\ncommand: echo ```\n```\nrm x\n````",
      "Answer with a button, or `/approve ap_1` or `/deny ap_1`.",
    ].join("\n\n"),
  );
});

test("approvalText is shown whole and fenced in messages of any place, however many backticks the plan has", () => {
  const command = `echo ${"`".repeat(5000)}\nrm -rf important ${"x".repeat(3000)}`;
  for (const limit of [2000, 4096]) {
    const pieces = splitText(questionAbout(command), limit);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(limit);
      expect((piece.match(/^```$/gm) ?? []).length % 2).toBe(0);
    }
    const shown = pieces.join("").replaceAll(/\n?```\n?/g, "");
    expect(shown).toContain(`echo ${"\\x60".repeat(5000)}`);
    expect(shown).toContain(`rm -rf important ${"x".repeat(3000)}`);
  }
});
