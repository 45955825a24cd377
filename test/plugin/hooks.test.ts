import { expect, test } from "bun:test";
import { PluginHooks } from "../../src/plugin/hooks.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { BeforeToolCall, EventHooks, HookContexts } from "../../src/sdk/hook.ts";
import type { HookEvent, HookKind, HookPriority, PluginHook } from "../../src/sdk/plugin.ts";
import { activePlugins, type TestPlugin } from "../support/active-plugins.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const BEFORE: BeforeToolCall = {
  agent: "main",
  sessionKey: "agent:main:main",
  runId: "run_1",
  toolName: "write",
  callId: "c1",
  args: { path: "a" },
};
const PLACE = { agent: "main", sessionKey: "agent:main:main", runId: null };
const CONTEXTS: HookContexts = {
  before_tool_call: BEFORE,
  after_tool_call: { ...BEFORE, status: "ok", duration: 3, result: "done" },
  on_message: { ...PLACE, identity: "owner", message: "Hi", attachments: [] },
  on_response: { ...PLACE, response: "Hello", final: true },
  on_error: { ...PLACE, error: { reason: "provider_error", message: "No answer" } },
};

const hook = (kind: HookKind, handler: string, rest: Partial<PluginHook> = {}): PluginHook => ({
  event: "before_tool_call",
  kind,
  priority: "normal",
  handler,
  ...rest,
});

function setUp(...given: readonly TestPlugin[]) {
  const plugins = activePlugins(...given);
  const { log, entries } = testLog();
  const hooks = new PluginHooks({ plugins, log });
  return {
    plugins,
    hooks,
    warned: () => entries.filter(({ level }) => level === "warn").map(({ message }) => message),
    async run<E extends HookEvent>(event: E, signal = new AbortController().signal) {
      const found: EventHooks<E> | undefined = await hooks.of(event);
      return found!.run(CONTEXTS[event], signal);
    },
    [Symbol.dispose]: () => hooks[Symbol.dispose](),
  };
}

async function refusal(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error("It did not refuse");
  const { reason, message, data } = thrown;
  return { reason, message, data };
}

test("PluginHooks has none where no plugin names one, and asks nobody once that is known", async () => {
  using t = setUp({ id: "a" }, { id: "b", hooks: [hook("observer", "see", { event: "on_error" })] });
  expect(await t.hooks.of("on_message")).toBeUndefined();
  expect([t.hooks.of("on_message"), t.hooks.of("before_tool_call")]).toEqual([undefined, undefined]);
  expect(t.hooks.of("on_error")).toMatchObject({ decides: false });
  expect(t.plugins.asked).toBe(1);
});

test("PluginHooks follows plugins that come and go, and forgets them when it is disposed of", async () => {
  using t = setUp();
  expect(await t.hooks.of("on_message")).toBeUndefined();
  t.plugins.set({ id: "a", hooks: [hook("interceptor", "x", { event: "on_message" })] });
  expect(await t.hooks.of("on_message")).toMatchObject({ decides: true });
  t.plugins.set();
  expect(await t.hooks.of("on_message")).toBeUndefined();
  t.hooks[Symbol.dispose]();
  t.plugins.set({ id: "a", hooks: [hook("interceptor", "x", { event: "on_message" })] });
  expect(t.hooks.of("on_message")).toBeUndefined();
});

test("PluginHooks reads again when the plugins changed while it read them", async () => {
  using t = setUp();
  const { current } = t.plugins;
  t.plugins.current = async () => {
    const before = await current();
    t.plugins.current = current;
    t.plugins.set({ id: "a", hooks: [hook("resolver", "x")] });
    return before;
  };
  expect(await t.hooks.of("before_tool_call")).toMatchObject({ decides: true });
});

test("an interceptor gets what the one before gave back: lower priorities first, then by the ids of the plugins", async () => {
  const add = (name: string) => (context: BeforeToolCall) => ({
    ...context,
    args: { ...context.args, order: [...((context.args.order as string[] | undefined) ?? []), name] },
  });
  const own = (priority: HookPriority) => hook("interceptor", priority, { priority });
  using t = setUp(
    { id: "b", hooks: [own("low"), own("normal")], code: { low: add("b low"), normal: add("b normal") } },
    {
      id: "a",
      hooks: [own("normal"), hook("interceptor", "second"), own("system"), own("high")],
      code: { normal: add("a normal"), second: add("a second"), system: add("a system"), high: add("a high") },
    },
  );
  const { context, resolved } = await t.run("before_tool_call");
  expect({ context, resolved }).toEqual({
    context: {
      ...BEFORE,
      args: { path: "a", order: ["a system", "a high", "a normal", "a second", "b normal", "b low"] },
    },
    resolved: undefined,
  });
  expect(t.plugins.calls[0]).toMatchObject({
    handler: "system",
    args: BEFORE,
    context: { event: "before_tool_call", kind: "interceptor" },
    timeoutMs: 5000,
  });
});

test.each([
  ["before_tool_call", { args: { path: "b" } }],
  ["after_tool_call", { result: "[redacted]" }],
  ["on_message", { message: "Hello" }],
  ["on_response", { response: "Bye" }],
  ["on_error", { error: { reason: "provider_error", message: "Try later" } }],
] as const)("an interceptor of %s may change %j and nothing else", async (event, change) => {
  using t = setUp({
    id: "a",
    hooks: [hook("interceptor", "change", { event })],
    code: {
      change: (context: object) => ({
        ...context,
        ...change,
        toolName: "exec",
        sessionKey: "other",
        runId: "other",
        extra: 1,
      }),
    },
  });
  expect((await t.run(event)).context).toEqual({ ...CONTEXTS[event], ...change } as never);
});

test.each([
  ["nothing", () => undefined],
  ["null", () => null],
  ["the context as it was", (context: object) => context],
  ["a context without the field", () => ({ other: 1 })],
])("an interceptor that gives back %s changes nothing", async (_, change) => {
  using t = setUp({ id: "a", hooks: [hook("interceptor", "x")], code: { x: change } });
  expect((await t.run("before_tool_call")).context).toBe(BEFORE);
});

test("an interceptor that throws blocks with its message, and nobody after it is asked", async () => {
  const asked: string[] = [];
  using t = setUp({
    id: "guard",
    hooks: [
      hook("interceptor", "no"),
      hook("interceptor", "later"),
      hook("resolver", "later"),
      hook("observer", "later"),
    ],
    code: {
      no: () => {
        throw new Error("Tool blocked by security policy");
      },
      later: () => asked.push("later"),
    },
  });
  expect(await refusal(t.run("before_tool_call"))).toEqual({
    reason: "forbidden",
    message: 'Plugin "guard" refused this call: Tool blocked by security policy',
    data: { plugin: "guard", event: "before_tool_call" },
  });
  expect(asked).toEqual([]);
});

test.each([
  ["has crashed", "gone", {}, 'Handler "gone" is gone'],
  ["gives back no context", "text", {}, "what it gave back must be the context or nothing"],
  ["gives back a field that is wrong", "wrong", {}, '"args" of what it gave back must be an object'],
  ["is too slow", "never", { timeoutMs: 1 }, "It took longer than 1 ms"],
])("an interceptor that %s blocks too", async (_, handler, rest, told) => {
  using t = setUp({
    id: "guard",
    hooks: [hook("interceptor", handler, rest)],
    code: { text: () => "yes", wrong: () => ({ args: [1] }), never: () => new Promise(() => {}) },
  });
  expect(await refusal(t.run("before_tool_call"))).toEqual({
    reason: "plugin_error",
    message: `Plugin "guard" could not check this call: ${told}`,
    data: {
      plugin: "guard",
      event: "before_tool_call",
      hint: "Nothing passes a check that cannot be made; mend the plugin or disable it",
    },
  });
});

test("a hook that is too slow is told so", async () => {
  const told = Promise.withResolvers<unknown>();
  using t = setUp({
    id: "slow",
    hooks: [hook("interceptor", "x", { timeoutMs: 1 })],
    code: {
      x: (_: never, __: never, signal) => {
        signal.addEventListener("abort", () => told.resolve((signal.reason as AlephError).reason));
        return new Promise(() => {});
      },
    },
  });
  await refusal(t.run("before_tool_call"));
  expect(await told.promise).toBe("timeout");
});

test("a run that is cancelled does not wait for its interceptors and resolvers", async () => {
  for (const kind of ["interceptor", "resolver"] as const) {
    using t = setUp({ id: "a", hooks: [hook(kind, "x")], code: { x: () => new Promise(() => {}) } });
    const cancel = new AbortController();
    const running = refusal(t.run("before_tool_call", cancel.signal));
    await until(() => t.plugins.calls.length === 1);
    cancel.abort(new AlephError("cancelled", "Run was stopped"));
    expect(await running).toMatchObject({ reason: "cancelled" });
    expect(t.plugins.calls[0]!.signal.aborted).toBe(true);
    expect(await refusal(t.run("before_tool_call", cancel.signal))).toMatchObject({ reason: "cancelled" });
    expect(t.plugins.calls).toHaveLength(1);
  }
});

test("the first resolver with a value wins; those that fail are passed over, those behind it are not asked", async () => {
  using t = setUp(
    {
      id: "a",
      hooks: ["nothing", "fails", "slow", "first"].map((name) =>
        hook("resolver", name, name === "slow" ? { timeoutMs: 1 } : {}),
      ),
      code: {
        nothing: () => null,
        fails: () => {
          throw new Error("Out of order");
        },
        slow: () => new Promise(() => {}),
        first: () => ({ text: "mine" }),
      },
    },
    { id: "b", hooks: [hook("resolver", "second")], code: { second: () => "later" } },
  );
  expect(await t.run("before_tool_call")).toEqual({ context: BEFORE, resolved: { plugin: "a", text: "mine" } });
  expect(t.plugins.calls.map(({ handler }) => handler)).toEqual(["nothing", "fails", "slow", "first"]);
  expect(t.warned()).toEqual(["a resolver was passed over", "a resolver was passed over"]);
});

test.each([
  ["", ""],
  [0, "0"],
  [false, "false"],
  [{ key: "v" }, '{"key":"v"}'],
])("a resolver's %j is a value", async (value, text) => {
  using t = setUp({ id: "a", hooks: [hook("resolver", "x")], code: { x: () => value } });
  expect((await t.run("before_tool_call")).resolved).toEqual({ plugin: "a", text });
});

test("observers are told what came out, all at once, and nobody waits for them", async () => {
  const seen: unknown[] = [];
  const see = (context: HookContexts["on_response"]) => {
    seen.push(context.response);
    return new Promise<void>(() => {});
  };
  using t = setUp({
    id: "a",
    hooks: (["observer", "observer", "interceptor"] as const).map((kind) => hook(kind, kind, { event: "on_response" })),
    code: { observer: see, interceptor: (context: object) => ({ ...context, response: "Bye" }) },
  });
  expect((await t.run("on_response")).context.response).toBe("Bye");
  expect(seen).toEqual(["Bye", "Bye"]);
});

test("an observer that fails, changes something or is too slow changes nothing and is logged", async () => {
  using t = setUp({
    id: "a",
    hooks: ["fails", "changes", "slow"].map((name) => hook("observer", name, name === "slow" ? { timeoutMs: 1 } : {})),
    code: {
      fails: () => {
        throw new Error("Disk is full");
      },
      changes: (context: BeforeToolCall) => ({ ...context, args: { path: "z" } }),
      slow: () => new Promise(() => {}),
    },
  });
  expect(await t.run("before_tool_call")).toEqual({ context: BEFORE, resolved: undefined });
  await until(() => t.warned().length === 2);
  expect(t.warned()).toEqual(["an observer failed", "an observer failed"]);
});

test("an observer goes on when its run has ended", async () => {
  using t = setUp({ id: "a", hooks: [hook("observer", "x")], code: { x: () => new Promise(() => {}) } });
  const cancel = new AbortController();
  await t.run("before_tool_call", cancel.signal);
  cancel.abort();
  expect(t.plugins.calls[0]!.signal.aborted).toBe(false);
});
