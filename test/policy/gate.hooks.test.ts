import { expect, test } from "bun:test";
import * as z from "zod";
import { PluginHooks } from "../../src/plugin/hooks.ts";
import type { Answer, Question } from "../../src/policy/approvals.ts";
import { createGate } from "../../src/policy/gate.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { AfterToolCall, BeforeToolCall } from "../../src/sdk/hook.ts";
import type { HookEvent, HookKind } from "../../src/sdk/plugin.ts";
import { defineTool, type Prepared, type ToolContext } from "../../src/sdk/tool.ts";
import { activePlugins, type Handler } from "../support/active-plugins.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

type Hook = readonly [HookEvent, HookKind, Handler];

/** A gate with these hooks of one plugin, and a tool that tells what it got. */
function setUp(hooks: readonly Hook[], prepared: Partial<Prepared> = {}, answer: Answer = "once") {
  const plugins = activePlugins({
    id: "guard",
    hooks: hooks.map(([event, kind], at) => ({ event, kind, priority: "normal", handler: `h${at}` })),
    code: Object.fromEntries(hooks.map(([, , handler], at) => [`h${at}`, handler])),
  });
  const { log } = testLog();
  const steps: string[] = [];
  const asked: Question[] = [];
  const progress: string[] = [];
  const abort = new AbortController();
  const tool = defineTool({
    name: "sample",
    description: "",
    params: z.strictObject({ path: z.string(), force: z.boolean().default(false) }),
    parallel: false,
    prepare: (_: object, input, context): Prepared => {
      steps.push(`prepared ${JSON.stringify(input)}`);
      return {
        tier: "allow",
        reason: "It is a sample",
        plan: { ...input },
        run: async () => {
          steps.push(`ran ${JSON.stringify(input)}`);
          context.progress("half");
          return { ok: true, text: `wrote ${input.path}` };
        },
        ...prepared,
      };
    },
  });
  let now = 0;
  const gate = createGate({
    approvals: {
      async request(question) {
        asked.push(question);
        return answer;
      },
    },
    needs: async () => ({}),
    hooks: new PluginHooks({ plugins, log }),
    log,
    now: () => (now += 10),
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
    signal: abort.signal,
    log,
    progress: (text) => progress.push(text),
  };
  return {
    plugins,
    steps,
    asked,
    progress,
    abort,
    async call(input: unknown = { path: "a" }) {
      const { durationMs: _, ...ending } = await gate.call(tool, input, context);
      return ending;
    },
  };
}

const before = (kind: HookKind, handler: Handler): Hook => ["before_tool_call", kind, handler];
const after = (kind: HookKind, handler: Handler): Hook => ["after_tool_call", kind, handler];
const throwing = (message: string) => () => {
  throw new Error(message);
};
const PLACE = { agent: "main", sessionKey: "agent:main:main", runId: "run_1", toolName: "sample", callId: "call_1" };

test("before_tool_call sees the arguments as they were asked for, and what it makes of them is prepared, shown and run", async () => {
  const change = ({ args, ...context }: BeforeToolCall) => ({ ...context, args: { ...args, path: "b" } });
  const t = setUp([before("interceptor", change)], { tier: "ask" });
  expect(await t.call()).toEqual({ status: "ok", text: "wrote b", args: { path: "b" } });
  expect(t.plugins.calls.map(({ args }) => args)).toEqual([{ ...PLACE, args: { path: "a" } }]);
  expect(t.asked.map(({ plan }) => plan)).toEqual([{ path: "b", force: false }]);
  expect(t.steps[0]).toBe('prepared {"path":"b","force":false}');
});

test("before_tool_call is not asked about arguments that do not fit", async () => {
  const t = setUp([before("interceptor", throwing("never"))]);
  expect((await t.call({ path: 1 })).status).toBe("error");
  expect(t.plugins.calls).toEqual([]);
});

test("a call that hooks left as it was has no arguments of its own", async () => {
  const t = setUp([before("interceptor", (context) => context)]);
  expect(await t.call()).toEqual({ status: "ok", text: "wrote a" });
});

test("before_tool_call cannot make arguments that do not fit", async () => {
  const t = setUp([before("interceptor", (context: BeforeToolCall) => ({ ...context, args: { path: 7, x: 1 } }))]);
  const { status, text } = await t.call();
  expect(status).toBe("error");
  expect(text).toStartWith(
    'A plugin changed the arguments, and they do not fit any more. The arguments of "sample" are not',
  );
  expect(t.steps).toEqual([]);
});

test("before_tool_call blocks a call with its message before anything is prepared", async () => {
  const t = setUp([before("interceptor", throwing("Tool blocked by security policy")), after("observer", () => {})]);
  expect(await t.call()).toEqual({
    status: "denied",
    text: 'Plugin "guard" refused this call: Tool blocked by security policy. Do not try it in another way',
  });
  expect(t.steps).toEqual([]);
  expect(t.plugins.calls).toHaveLength(1);
});

test("a call whose check cannot be made is denied", async () => {
  const crashed = () => {
    throw new AlephError("plugin_error", "It has ended", { data: { code: "crashed" } });
  };
  const t = setUp([before("interceptor", crashed)]);
  expect(await t.call()).toEqual({
    status: "denied",
    text: 'Plugin "guard" could not check this call: It has ended. Do not try it in another way',
  });
  expect(t.steps).toEqual([]);
});

test("hooks never allow what the policy denies", async () => {
  const t = setUp([before("interceptor", (context: object) => ({ ...context, tier: "allow", allow: true }))], {
    tier: "deny",
    reason: "Not here",
  });
  expect(await t.call()).toEqual({
    status: "denied",
    text: "Refused by policy: Not here. Do not try it in another way",
  });
});

test("a resolver of before_tool_call answers in the place of the tool, and after_tool_call sees its answer", async () => {
  const seen: AfterToolCall[] = [];
  const t = setUp([
    before("resolver", () => ({ text: "from the cache" })),
    after("observer", (context: AfterToolCall) => void seen.push(context)),
  ]);
  expect(await t.call()).toEqual({ status: "ok", text: "from the cache", untrusted: true });
  expect(t.steps).toEqual([]);
  await until(() => seen.length === 1);
  expect(seen).toEqual([{ ...PLACE, args: { path: "a" }, status: "ok", duration: 10, result: "from the cache" }]);
});

test("after_tool_call sees what came out and may change it; live output waits for nobody when it cannot", async () => {
  const t = setUp([
    after("interceptor", ({ result }: AfterToolCall) => ({ result: result.replace("a", "[redacted]") })),
    after("resolver", ({ result }: AfterToolCall) => (result.includes("none") ? "mine" : null)),
  ]);
  expect(await t.call()).toEqual({ status: "ok", text: "wrote [redacted]", untrusted: true });
  expect(await t.call({ path: "none" })).toEqual({ status: "ok", text: "mine", untrusted: true });
  expect(t.plugins.calls[0]!.args).toEqual({
    ...PLACE,
    args: { path: "a" },
    status: "ok",
    duration: 10,
    result: "wrote a",
  });
  expect(t.progress).toEqual([]);
  const watched = setUp([after("observer", () => {})]);
  await watched.call();
  expect(watched.progress).toEqual(["half"]);
});

test("after_tool_call sees the arguments that the tool got", async () => {
  const t = setUp([before("interceptor", () => ({ args: { path: "b" } })), after("interceptor", () => undefined)]);
  expect(await t.call()).toEqual({ status: "ok", text: "wrote b", args: { path: "b" } });
  expect(t.plugins.calls[1]!.args).toMatchObject({ args: { path: "b" }, result: "wrote b" });
});

test("after_tool_call sees a failure, and leaves it one", async () => {
  const t = setUp([after("interceptor", ({ result }: AfterToolCall) => ({ result: `${result}!` }))], {
    run: () => Promise.reject(new AlephError("not_found", "No such file")),
  });
  expect(await t.call()).toEqual({ status: "error", text: "No such file!", untrusted: true });
  expect(t.plugins.calls[0]!.args).toMatchObject({ status: "error", result: "No such file" });
});

test.each([
  ["denied by policy", { tier: "deny" as const }, "once" as const],
  ["refused by the person", { tier: "ask" as const }, "deny" as const],
])("after_tool_call is not told of a call that was %s", async (_, prepared, answer) => {
  const t = setUp([after("interceptor", throwing("never"))], prepared, answer);
  expect((await t.call()).status).toBe("denied");
  expect(t.plugins.calls).toEqual([]);
});

test("after_tool_call that throws keeps the result back, and says that the tool ran", async () => {
  const t = setUp([after("interceptor", throwing("There is a key in it"))]);
  expect(await t.call()).toEqual({
    status: "denied",
    text: 'The tool ran, but its result is withheld: Plugin "guard" refused the result: There is a key in it',
  });
  expect(t.steps.at(-1)).toStartWith("ran ");
});

test("a run that is cancelled while a hook is asked ends the call", async () => {
  for (const [event, text] of [
    ["before_tool_call", "Cancelled"],
    ["after_tool_call", "The tool ran, but its result is withheld: Cancelled"],
  ] as const) {
    const t = setUp([[event, "interceptor", () => new Promise(() => {})]]);
    const calling = t.call();
    await until(() => t.plugins.calls.length === 1);
    t.abort.abort();
    expect((await calling).text).toBe(text);
  }
});
