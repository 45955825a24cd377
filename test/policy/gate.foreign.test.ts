import { expect, test } from "bun:test";
import { createGate } from "../../src/policy/gate.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { ForeignTool, Prepared, ToolContext } from "../../src/sdk/tool.ts";
import { testLog } from "../support/log.ts";

const SCHEMA = {
  type: "object",
  properties: {
    city: { type: "string" },
    days: { type: "integer", maximum: 7 },
    unit: { enum: ["c", "f"] },
    at: { type: "object", properties: { lat: { type: "number" } }, additionalProperties: false },
  },
  required: ["city"],
  additionalProperties: false,
};

function setUp(parameters: Record<string, unknown> = SCHEMA, prepared: Partial<Prepared> = {}) {
  const got: unknown[] = [];
  const { log, entries } = testLog();
  const tool: ForeignTool = {
    name: "weather",
    description: "",
    parameters,
    parallel: false,
    prepare: (args) => ({
      tier: "allow",
      reason: "It is a sample",
      plan: { args },
      run: async () => {
        got.push(args);
        return { ok: true, text: "sunny" };
      },
      ...prepared,
    }),
  };
  const gate = createGate({
    approvals: { request: async () => "deny" },
    needs: () => Promise.reject(new Error("A foreign tool needs nothing")),
    log,
    config: () => ({ exec: { approval_timeout_ms: 5000 } }),
  });
  const context: ToolContext = {
    workspace: "/w",
    agent: "main",
    sessionKey: "agent:main:main",
    runId: "run_1",
    callId: "call_1",
    identity: { id: "owner", kind: "owner" },
    tainted: false,
    signal: new AbortController().signal,
    log,
    progress: () => {},
  };
  return { got, entries, call: async (input: unknown) => gate.call(tool, input, context) };
}

test("createGate calls a foreign tool with arguments that fit its schema, as they are", async () => {
  const t = setUp();
  expect(await t.call({ city: "Oslo", days: 3 })).toEqual({
    status: "ok",
    text: "sunny",
    durationMs: expect.any(Number),
  });
  expect(t.got).toEqual([{ city: "Oslo", days: 3 }]);
});

test.each([
  [{}, ['- "city": is missing']],
  [{ city: 1 }, ['- "city": must be string']],
  [{ city: "Oslo", days: 8, unit: "k" }, ['- "days": must be <= 7', '- "unit": must be one of "c", "f"']],
  [{ city: "Oslo", dais: 1 }, ['- "dais": is not an argument; did you mean "days"?']],
  [{ city: "Oslo", at: { lat: "x", lng: 1 } }, ['- "at.lng": is not an argument', '- "at.lat": must be number']],
  [null, ["- the arguments: must be an object"]],
  [[], ["- the arguments: must be an object"]],
])(
  "createGate tells what is wrong with the arguments %j of a foreign tool, which does not run",
  async (input, lines) => {
    const t = setUp();
    const text = ['The arguments of "weather" are not valid:', ...lines, "It takes: city, days?, unit?, at?"].join(
      "\n",
    );
    expect(await t.call(input)).toEqual({ status: "error", text, durationMs: expect.any(Number) });
    expect(t.got).toEqual([]);
  },
);

test("createGate tells when the arguments of a foreign tool were not JSON", async () => {
  expect((await setUp().call('{"city')).text).toBe(
    'The arguments of "weather" must be a JSON object, but they are not valid JSON',
  );
});

test("createGate takes any object, and only objects, where the schema says nothing", async () => {
  const t = setUp({});
  expect((await t.call({ anything: [1] })).status).toBe("ok");
  expect((await t.call("text")).status).toBe("error");
  expect((await t.call([1])).text).toBe(
    ['The arguments of "weather" are not valid:', "- the arguments: must be an object", "It takes: no arguments"].join(
      "\n",
    ),
  );
  expect(t.got).toEqual([{ anything: [1] }]);
});

test("createGate names a few of many faults", async () => {
  const t = setUp({ type: "object", additionalProperties: false });
  const { text } = await t.call(Object.fromEntries([...Array(50).keys()].map((at) => [`k${at}`, at])));
  expect(text.split("\n")).toHaveLength(23);
  expect(text).toContain("- and 30 more");
});

test("createGate does not call a foreign tool whose schema cannot be used, and logs why", async () => {
  const t = setUp({ type: "strin" });
  const { status, text } = await t.call({});
  expect({ status, text }).toEqual({
    status: "error",
    text: 'Tool "weather" cannot be called: its author gave it a schema that cannot be used',
  });
  await t.call({});
  const warnings = t.entries.filter(({ level }) => level === "warn");
  expect(warnings.map(({ message, fields }) => [message, fields.tool])).toEqual([
    ["the schema of a tool cannot be used", "weather"],
  ]);
  expect(t.got).toEqual([]);
});

test("createGate judges a foreign tool as any other", async () => {
  for (const tier of ["deny", "ask"] as const) {
    const t = setUp(SCHEMA, { tier });
    expect((await t.call({ city: "Oslo" })).status).toBe("denied");
    expect(t.got).toEqual([]);
  }
});

test("createGate tells what a foreign tool said when it failed, and caps what it says", async () => {
  const failing = setUp(SCHEMA, {
    run: () =>
      Promise.reject(new AlephError("plugin_error", "The sky is not reachable", { data: { hint: "Look up" } })),
  });
  const failed = await failing.call({ city: "Oslo" });
  expect([failed.status, failed.text]).toEqual(["error", "The sky is not reachable. Look up"]);
  const talking = setUp(SCHEMA, { run: async () => ({ ok: true, text: "x".repeat(300_000) }) });
  expect((await talking.call({ city: "Oslo" })).text.length).toBeLessThan(101_000);
});
