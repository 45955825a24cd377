import { expect, test } from "bun:test";
import type { Answer, Question } from "../../src/policy/approvals.ts";
import { askUntilSame } from "../../src/policy/asking.ts";
import type { Prepared, ToolContext } from "../../src/sdk/tool.ts";
import { testLog } from "../support/log.ts";

const CONTEXT: ToolContext = {
  workspace: "/w",
  agent: "main",
  sessionKey: "agent:main:main",
  runId: "run_1",
  callId: "call_1",
  identity: { id: "owner", kind: "owner" },
  tainted: false,
  signal: new AbortController().signal,
  log: testLog().log,
  progress: () => {},
};

const sha = (letter: string) => letter.repeat(64);
const prepared = (plan: Prepared["plan"], tier: Prepared["tier"] = "ask"): Prepared => ({
  tier,
  reason: "It runs a program",
  plan,
  run: async () => ({ ok: true, text: "" }),
});

/** Asks about the first; each time it is judged anew, the next one is how it is then. */
async function ask(plans: readonly Prepared[], answers: readonly (Answer | "left")[] = []) {
  const asked: Question[] = [];
  const later = plans.slice(1);
  const result = await askUntilSame(
    plans[0]!,
    {
      approvals: {
        async request(question) {
          asked.push(question);
          return answers[asked.length - 1] ?? "once";
        },
      },
      ttlMs: 1000,
      tool: "exec",
      again: async () => later.shift() ?? plans.at(-1)!,
    },
    CONTEXT,
  );
  return { result, reasons: asked.map(({ reason }) => reason) };
}

test("askUntilSame lets run what was shown when it is the same still", async () => {
  const call = prepared({ command: "make", files: [{ path: "/w/Makefile", sha256: sha("a") }] });
  expect(await ask([call])).toEqual({ result: { prepared: call }, reasons: ["It runs a program"] });
});

test("askUntilSame asks anew when something changed, and says what", async () => {
  const before = {
    command: "node build.js",
    cwd_id: "1:2",
    env: { PATH: "/bin" },
    programs: [{ path: "/usr/bin/node", sha256: sha("a") }],
    files: [
      { path: "/w/build.js", sha256: sha("b") },
      { path: "/w/gone.js", sha256: sha("c") },
    ],
  };
  const after = {
    command: "node build.js",
    cwd_id: "1:3",
    env: { PATH: "/tmp" },
    programs: [{ path: "/usr/bin/node", sha256: sha("d") }],
    files: [
      { path: "/w/build.js", sha256: sha("e") },
      { path: "/w/new.js", sha256: sha("f") },
    ],
  };
  const { result, reasons } = await ask([prepared(before), prepared(after)]);
  expect(result).toEqual({ prepared: expect.objectContaining({ plan: after }) });
  expect(reasons).toEqual([
    "It runs a program",
    'It runs a program. Since you were asked, the folder has become another one; "env" has changed; ' +
      '"/w/build.js" has other content; "/w/gone.js" is gone; "/w/new.js" has appeared; "/usr/bin/node" has other content',
  ]);
});

test("askUntilSame gives up on what changes again and again", async () => {
  const plans = Array.from({ length: 10 }, (_, at) => prepared({ version: at }));
  const { result, reasons } = await ask(plans);
  expect([result, reasons.length]).toEqual([
    { refusal: "What the call would touch keeps changing, so it did not run" },
    5,
  ]);
});

test("askUntilSame runs nothing that is refused by the time it was approved", async () => {
  const { result } = await ask([prepared({ a: 1 }), prepared({ a: 1 }, "deny")]);
  expect(result).toEqual({ refusal: "Refused by policy: It runs a program. Do not try it in another way" });
});

test.each(["deny", "expired", "cancelled", "left"] as const)("askUntilSame ends with %s at once", async (answer) => {
  const { result, reasons } = await ask([prepared({ a: 1 })], [answer]);
  expect([result, reasons.length]).toEqual([{ answer }, 1]);
});

test("askUntilSame takes the answer to a changed plan as the last word", async () => {
  const { result } = await ask([prepared({ a: 1 }), prepared({ a: 2 })], ["always", "deny"]);
  expect(result).toEqual({ answer: "deny" });
});
