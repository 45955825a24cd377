import { expect, test } from "bun:test";
import * as z from "zod";
import { MaskStream } from "../../src/lib/mask-stream.ts";
import type { Answer, Question } from "../../src/policy/approvals.ts";
import { createGate, type GateOptions } from "../../src/policy/gate.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { type AnyTool, defineTool, type Prepared, type ToolContext } from "../../src/sdk/tool.ts";
import { testLog } from "../support/log.ts";

const context = (override: Partial<ToolContext> = {}): ToolContext => ({
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
  ...override,
});

const params = z.strictObject({ path: z.string().min(1), limit: z.int().max(10).optional() });

function toolThat(prepare: () => Partial<Prepared>): { tool: AnyTool; runs: () => number } {
  let runs = 0;
  const tool = defineTool({
    name: "sample",
    description: "A sample",
    params,
    parallel: false,
    prepare: (_: object, input): Prepared => ({
      tier: "allow",
      reason: "It is a sample",
      plan: input,
      run: async () => {
        runs++;
        return { ok: true, text: "done" };
      },
      ...prepare(),
    }),
  });
  return { tool, runs: () => runs };
}

function gateThat(answer: Answer = "deny", options: Partial<GateOptions> = {}) {
  const asked: Question[] = [];
  const { log, entries } = testLog();
  const gate = createGate({
    approvals: {
      async request(question) {
        asked.push(question);
        return answer;
      },
    },
    needs: async () => ({}),
    log,
    config: () => ({ exec: { approval_timeout_ms: 5000 } }),
    ...options,
  });
  return { gate, asked, entries };
}

test("createGate runs an allowed call and says how long it took", async () => {
  let now = 100;
  const { gate, asked } = gateThat("deny", { now: () => now });
  const { tool } = toolThat(() => ({
    run: async () => {
      now += 42;
      return { ok: true, text: "done", media: [] };
    },
  }));
  expect(await gate.call(tool, { path: "a" }, context())).toEqual({
    status: "ok",
    text: "done",
    media: [],
    durationMs: 42,
  });
  expect(asked).toEqual([]);
});

test("createGate hands the tool what it needs", async () => {
  const needs = { secret: 7 };
  const { gate } = gateThat("deny", { needs: async () => needs });
  const tool = defineTool({
    name: "needy",
    description: "",
    params,
    parallel: false,
    prepare: ({ secret }: { secret: number }) => ({
      tier: "allow",
      reason: "",
      plan: {},
      run: async () => ({ ok: true, text: String(secret) }),
    }),
  });
  expect((await gate.call(tool, { path: "a" }, context())).text).toBe("7");
});

test.each([
  [{}, ['- "path": Invalid input: expected string, received undefined']],
  [{ path: 3 }, ['- "path": Invalid input: expected string, received number']],
  [{ path: "a", limit: 11 }, ['- "limit": Too big: expected number to be <=10']],
  [{ path: "a", limt: 1 }, ['- "limt": is not an argument; did you mean "limit"?']],
  [{ path: "a", other: 1 }, ['- "other": is not an argument']],
  [null, ["- the arguments: Invalid input: expected object, received null"]],
  [[1], ["- the arguments: Invalid input: expected object, received array"]],
])("createGate tells what is wrong with the arguments %j", async (input, lines) => {
  const { gate } = gateThat();
  const { tool, runs } = toolThat(() => ({}));
  const outcome = await gate.call(tool, input, context());
  const text = ['The arguments of "sample" are not valid:', ...lines, "It takes: path, limit?"].join("\n");
  expect(outcome).toEqual({ status: "error", text, durationMs: expect.any(Number) });
  expect(runs()).toBe(0);
});

test("createGate tells when the arguments were not JSON", async () => {
  const { gate } = gateThat();
  const { text, status } = await gate.call(toolThat(() => ({})).tool, '{"path": "a', context());
  expect({ text, status }).toEqual({
    status: "error",
    text: 'The arguments of "sample" must be a JSON object, but they are not valid JSON',
  });
});

test("createGate never runs nor asks for a denied call", async () => {
  const { gate, asked } = gateThat("once");
  const { tool, runs } = toolThat(() => ({ tier: "deny", reason: "It ruins the disk" }));
  expect(await gate.call(tool, { path: "a" }, context())).toMatchObject({
    status: "denied",
    text: "Refused by policy: It ruins the disk. Do not try it in another way",
  });
  expect([asked, runs()]).toEqual([[], 0]);
});

test("createGate asks with the whole plan and all that it is about", async () => {
  const { gate, asked } = gateThat("once");
  const { tool } = toolThat(() => ({
    tier: "ask",
    reason: "It writes",
    plan: { command: "x", argv: ["sh", "-c", "x"] },
  }));
  expect((await gate.call(tool, { path: "a" }, context())).status).toBe("ok");
  expect(asked).toEqual([
    {
      tool: "sample",
      plan: { command: "x", argv: ["sh", "-c", "x"] },
      reason: "It writes",
      runId: "run_1",
      callId: "call_1",
      sessionKey: "agent:main:main",
      workspace: "/w",
      identity: { id: "owner", kind: "owner" },
      ttlMs: 5000,
    },
  ]);
});

test.each([
  ["once", "ok", 1],
  ["session", "ok", 1],
  ["always", "ok", 1],
  ["deny", "denied", 0],
  ["expired", "denied", 0],
  ["cancelled", "cancelled", 0],
] as const)("createGate ends as %s says", async (answer, status, times) => {
  const { gate } = gateThat(answer);
  const { tool, runs } = toolThat(() => ({ tier: "ask" }));
  const outcome = await gate.call(tool, { path: "a" }, context());
  expect([outcome.status, runs()]).toEqual([status, times]);
  expect(outcome.text).not.toBe("");
});

test("createGate runs nothing when asking failed", async () => {
  const request = () => Promise.reject(new AlephError("storage_failed", "Disk is full"));
  const { gate } = gateThat("once", { approvals: { request } });
  const { tool, runs } = toolThat(() => ({ tier: "ask" }));
  expect(await gate.call(tool, { path: "a" }, context())).toMatchObject({ status: "error", text: "Disk is full" });
  expect(runs()).toBe(0);
});

test("createGate does not run a call whose run was aborted while it was asked", async () => {
  const abort = new AbortController();
  const request = async () => {
    abort.abort();
    return "once" as const;
  };
  const { gate } = gateThat("once", { approvals: { request } });
  const { tool, runs } = toolThat(() => ({ tier: "ask" }));
  expect((await gate.call(tool, { path: "a" }, context({ signal: abort.signal }))).status).toBe("cancelled");
  expect(runs()).toBe(0);
});

test("createGate does not begin what is aborted already", async () => {
  const { gate } = gateThat();
  const { tool, runs } = toolThat(() => ({}));
  expect((await gate.call(tool, { path: "a" }, context({ signal: AbortSignal.abort() }))).status).toBe("cancelled");
  expect(runs()).toBe(0);
});

const THROWN: readonly { thrown: Error; status: string; text: string }[] = [
  { thrown: new AlephError("not_found", '"a" does not exist'), status: "error", text: '"a" does not exist' },
  {
    thrown: new AlephError("forbidden", "Outside", { data: { hint: "Stay inside" } }),
    status: "denied",
    text: "Outside. Stay inside",
  },
  { thrown: new AlephError("sandbox_denied", "No"), status: "denied", text: "No" },
  {
    thrown: new Error("secret /path"),
    status: "error",
    text: 'Tool "sample" failed for an internal reason; the log has the cause',
  },
];

for (const { thrown, status, text } of THROWN) {
  test.each(["prepare", "run"])(`createGate makes an outcome of "${thrown.message}" thrown by %s`, async (where) => {
    const { gate, entries } = gateThat();
    const { tool } = toolThat(() => {
      if (where === "prepare") throw thrown;
      return { run: () => Promise.reject(thrown) };
    });
    const { status: got, text: said } = await gate.call(tool, { path: "a" }, context());
    expect([got, said]).toEqual([status as typeof got, text]);
    expect(entries.map(({ message }) => message)).toEqual(thrown instanceof AlephError ? [] : ["tool failed"]);
  });
}

test("createGate says cancelled when a tool ends because of the abort", async () => {
  const abort = new AbortController();
  const { gate } = gateThat();
  const started = Promise.withResolvers<void>();
  const { tool } = toolThat(() => ({
    run() {
      started.resolve();
      return new Promise((_, reject) => abort.signal.addEventListener("abort", () => reject(abort.signal.reason)));
    },
  }));
  const calling = gate.call(tool, { path: "a" }, context({ signal: abort.signal }));
  await started.promise;
  abort.abort();
  expect(await calling).toMatchObject({ status: "cancelled", text: "Cancelled" });
});

test("createGate keeps what a tool had done when it ended well in spite of the abort", async () => {
  const abort = new AbortController();
  const { gate } = gateThat();
  const { tool } = toolThat(() => ({
    async run() {
      abort.abort();
      return { ok: true, text: "written" };
    },
  }));
  const outcome = await gate.call(tool, { path: "a" }, context({ signal: abort.signal }));
  expect(outcome).toMatchObject({ status: "ok", text: "written" });
});

test("createGate does not wait for ever for a tool that ignores the abort", async () => {
  const abort = new AbortController();
  const { gate } = gateThat("once", { settleMs: 10 });
  const started = Promise.withResolvers<void>();
  const { tool } = toolThat(() => ({
    run() {
      started.resolve();
      return new Promise(() => {});
    },
  }));
  const calling = gate.call(tool, { path: "a" }, context({ signal: abort.signal }));
  await started.promise;
  abort.abort();
  expect(await calling).toMatchObject({ status: "unknown" });
});

test("createGate keeps both ends of a long text", async () => {
  const { gate } = gateThat("once", { maxText: 20 });
  const { tool } = toolThat(() => ({ run: async () => ({ ok: false, text: `${"a".repeat(50)}${"z".repeat(50)}` }) }));
  const outcome = await gate.call(tool, { path: "a" }, context());
  expect(outcome).toMatchObject({
    status: "error",
    text: `${"a".repeat(10)}\n[… 80 characters left out …]\n${"z".repeat(10)}`,
  });
});

test("createGate asks for an outward call when content from outside is in the run, and not before", async () => {
  const { gate, asked } = gateThat("once");
  const { tool, runs } = toolThat(() => ({ outward: true }));
  expect((await gate.call(tool, { path: "a" }, context())).status).toBe("ok");
  expect(asked).toEqual([]);
  expect((await gate.call(tool, { path: "a" }, context({ tainted: true }))).status).toBe("ok");
  expect(asked.map(({ reason }) => reason)).toEqual([
    "It is a sample. Content from outside is in this run, so what leaves it needs your word",
  ]);
  expect(runs()).toBe(2);
});

test("createGate lets a call that stays inside run whatever is in the run", async () => {
  const { gate, asked } = gateThat("deny");
  const { tool } = toolThat(() => ({}));
  expect((await gate.call(tool, { path: "a" }, context({ tainted: true }))).status).toBe("ok");
  expect(asked).toEqual([]);
});

const secrets = {
  all: async () => ["hidden-value"],
  mask: (text: string) => text.replaceAll("hidden-value", "[masked]"),
  stream: () => new MaskStream(["hidden-value"]),
};

test("gate.call masks secrets in what a tool says when it fails, before it runs and while it runs", async () => {
  const { gate } = gateThat("deny", { secrets });
  const fail = (): never => {
    throw new AlephError("mcp_error", "The server does not know hidden-value", { data: { hint: "Not hidden-value" } });
  };
  const running = toolThat(() => ({ run: async () => fail() }));
  const preparing = toolThat(fail);
  const said = "The server does not know [masked]. Not [masked]";
  for (const { tool } of [running, preparing]) {
    expect(await gate.call(tool, { path: "a" }, context())).toMatchObject({ status: "error", text: said });
  }
});

test("gate.call masks secrets in what a tool gives and in what it shows meanwhile, wherever that is cut", async () => {
  const shown: string[] = [];
  const leaky = defineTool({
    name: "leaky",
    description: "Prints its environment",
    params: z.strictObject({}),
    parallel: true,
    prepare: (_: object, __: object, context) => ({
      tier: "allow",
      reason: "For the test",
      plan: {},
      async run() {
        for (const piece of ["key: hid", "den-", "value, and hid"]) context.progress(piece);
        return { ok: true, text: "the key is hidden-value" };
      },
    }),
  });
  const gate = createGate({
    approvals: { request: () => Promise.reject(new Error("nobody asks")) },
    needs: async () => ({}),
    secrets,
    log: testLog().log,
    config: () => ({ exec: { approval_timeout_ms: 1000 } }),
  });
  const { text } = await gate.call(leaky, {}, context({ progress: (piece) => void shown.push(piece) }));
  expect([text, shown]).toEqual(["the key is [masked]", ["key: ", "[masked], and ", "hid"]]);
});

test.each(["guest", "node"] as const)("createGate asks nobody on behalf of a %s", async (kind) => {
  const { gate, asked } = gateThat("once");
  const { tool, runs } = toolThat(() => ({ tier: "ask", reason: "It writes" }));
  expect(await gate.call(tool, { path: "a" }, context({ identity: { id: "someone", kind } }))).toMatchObject({
    status: "denied",
    text: "Refused by policy: It writes. Only calls of the owner can be approved. Do not try it in another way",
  });
  const outward = toolThat(() => ({ outward: true }));
  const tainted = context({ identity: { id: "someone", kind }, tainted: true });
  expect((await gate.call(outward.tool, { path: "a" }, tainted)).status).toBe("denied");
  expect([asked, runs(), outward.runs()]).toEqual([[], 0, 0]);
});

test("createGate runs what was judged last, not what was first shown", async () => {
  const { gate, asked } = gateThat("once");
  let version = 0;
  const ran: number[] = [];
  const { tool } = toolThat(() => {
    const own = Math.min(++version, 3);
    return {
      tier: "ask",
      plan: { own },
      run: async () => {
        ran.push(own);
        return { ok: true, text: "done" };
      },
    };
  });
  expect((await gate.call(tool, { path: "a" }, context())).status).toBe("ok");
  expect([asked.map(({ plan }) => plan), ran]).toEqual([[{ own: 1 }, { own: 2 }, { own: 3 }], [3]]);
});
