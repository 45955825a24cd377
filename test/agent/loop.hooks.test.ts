import { expect, test } from "bun:test";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { OnError, OnResponse } from "../../src/sdk/hook.ts";
import type { HookEvent, HookKind } from "../../src/sdk/plugin.ts";
import { readHistory } from "../../src/session/messages.ts";
import type { Handler, TestPlugin } from "../support/active-plugins.ts";
import { MAIN, testAgent } from "../support/agent.ts";
import { until } from "../support/until.ts";

const hooked = (...hooks: readonly (readonly [HookEvent, HookKind, Handler])[]): TestPlugin => ({
  id: "lip",
  hooks: hooks.map(([event, kind], at) => ({ event, kind, priority: "normal", handler: `h${at}` })),
  code: Object.fromEntries(hooks.map(([, , handler], at) => [`h${at}`, handler])),
});

const answering = (kind: HookKind, handler: Handler) => hooked(["on_response", kind, handler]);
const never = () => {
  throw new Error("Not like this");
};
const chunks = (t: Awaited<ReturnType<typeof testAgent>>) => t.told("stream.chunk").map(({ content }) => content);

test("on_response changes a reply before anyone sees it: what is stored and shown is what came out", async () => {
  await using t = await testAgent({
    plugins: [
      answering("interceptor", ({ response }: OnResponse) => ({ response: response.replace("swordfish", "[…]") })),
    ],
  });
  t.fake.reply([{ thinking: "Hm. " }, "The ", "swordfish", " is out"], "ok");
  const run = await t.send("Tell");
  expect(run.text).toBe("The […] is out");
  expect(t.history()).toEqual(["user complete: Tell", "assistant complete: The […] is out"]);
  expect(chunks(t)).toEqual(["The […] is out"]);
  expect(t.told("stream.thinking").map(({ content }) => content)).toEqual(["Hm. "]);
  expect(t.told("agent.completed")[0]).toMatchObject({ text: "The […] is out" });
  expect(t.plugins.calls[0]!.args).toEqual({
    agent: "main",
    sessionKey: MAIN,
    runId: run.id,
    response: "The swordfish is out",
    final: true,
  });
  await t.send("And?");
  expect(JSON.stringify(t.fake.requests[1]!.body)).not.toContain("swordfish");
});

test("nothing of a reply is seen or stored before on_response has decided", async () => {
  const hold = Promise.withResolvers<void>();
  await using t = await testAgent({
    plugins: [
      answering("interceptor", async () => {
        await hold.promise;
      }),
    ],
  });
  t.fake.reply([{ thinking: "Hm. " }, "Hello"]);
  const { run_id } = await t.runner.start({ message: "Hi" }, OWNER_GRANT);
  await until(() => t.plugins.calls.length === 1);
  expect([chunks(t), t.told("stream.thinking"), t.history()]).toEqual([[], [], ["user complete: Hi"]]);
  hold.resolve();
  await t.runner.wait(run_id, new AbortController().signal);
  expect(chunks(t)).toEqual(["Hello"]);
});

test("on_response that throws fails the run with its message, and the reply is gone", async () => {
  await using t = await testAgent({ plugins: [answering("interceptor", never)] });
  t.fake.reply([{ thinking: "Hm. " }, "Hello"]);
  const run = await t.send("Hi");
  expect(run).toMatchObject({
    status: "failed",
    text: "",
    error: { reason: "forbidden", message: 'Plugin "lip" refused the answer: Not like this' },
  });
  expect([t.history(), chunks(t), t.told("stream.thinking")]).toEqual([["user complete: Hi"], [], []]);
});

test("a resolver of on_response replaces the reply", async () => {
  await using t = await testAgent({ plugins: [answering("resolver", () => "Bye")] });
  t.fake.reply("Hello");
  expect((await t.send("Hi")).text).toBe("Bye");
  expect(t.history()[1]).toBe("assistant complete: Bye");
});

test("an observer of on_response holds nothing up", async () => {
  const seen: string[] = [];
  await using t = await testAgent({
    plugins: [
      answering("observer", ({ response }: OnResponse) => {
        seen.push(response);
        throw new Error("Disk is full");
      }),
    ],
  });
  t.fake.reply(["Hel", "lo"]);
  expect((await t.send("Hi")).text).toBe("Hello");
  expect(chunks(t)).toEqual(["Hel", "lo"]);
  await until(() => t.warned().includes("an observer failed"));
  expect(seen).toEqual(["Hello"]);
});

test("on_response hears each reply with text, and the calls of a reply that it empties still run", async () => {
  await using t = await testAgent({
    plugins: [answering("interceptor", ({ response, final }: OnResponse) => ({ response: final ? response : "" }))],
  });
  t.fake.reply(
    ["I look.", { tool_call: { id: "c1", name: "time", args: {} } }],
    [{ tool_call: { id: "c2", name: "time", args: {} } }],
    "It is late.",
  );
  expect((await t.send("When?")).text).toBe("It is late.");
  expect(t.plugins.calls.map(({ args }) => [(args as OnResponse).response, (args as OnResponse).final])).toEqual([
    ["I look.", false],
    ["It is late.", true],
  ]);
  expect(t.history().map((line) => line.split(":")[0])).toEqual([
    "user complete",
    "assistant complete",
    "tool complete",
    "assistant complete",
    "tool complete",
    "assistant complete",
  ]);
  expect(chunks(t)).toEqual(["It is late."]);
});

test("on_response hears what a command answers", async () => {
  const plugin = answering("interceptor", ({ response }: OnResponse) => ({ response: `${response}!` }));
  await using t = await testAgent({
    plugins: [
      {
        ...plugin,
        commands: [{ name: "ping", description: "", handler: "ping" }],
        code: { ...plugin.code, ping: () => "pong" },
      },
    ],
  });
  expect((await t.send("/ping")).text).toBe("pong!");
});

test.each(["cancel", "abort"] as const)("what was held back is gone when the run is stopped by %s", async (how) => {
  await using t = await testAgent({ plugins: [answering("interceptor", () => new Promise(() => {}))] });
  t.fake.reply("Hello");
  const { run_id } = await t.runner.start({ message: "Hi" }, OWNER_GRANT);
  await until(() => t.plugins.calls.length === 1);
  expect((await t.runner.stop(run_id, how)).status).toBe("cancelled");
  expect([t.history(), t.runs.get(run_id).text]).toEqual([["user complete: Hi"], ""]);
});

test("what was held back is gone when the provider fails in the middle of it", async () => {
  await using t = await testAgent({ plugins: [answering("interceptor", () => undefined)] });
  t.fake.reply({ steps: ["The sec"], end: "cut" });
  const run = await t.send("Tell");
  expect([run.status, run.text, t.history()]).toEqual(["failed", "", ["user complete: Tell"]]);
  expect(t.plugins.calls).toEqual([]);
});

test("on_error changes what is told of a failure, which stays one", async () => {
  await using t = await testAgent({
    plugins: [
      hooked([
        "on_error",
        "interceptor",
        ({ error }: OnError) => ({ error: { reason: "none", message: `${error.reason}!` } }),
      ]),
    ],
  });
  t.fake.reply({ status: 400, message: "No such thing" });
  const run = await t.send("Hi");
  expect(run).toMatchObject({ status: "failed", error: { reason: "provider_error", message: "provider_error!" } });
  expect(t.told("agent.error")).toEqual([
    {
      run_id: run.id,
      session_key: MAIN,
      error: { reason: "provider_error", message: "provider_error!", reworded: true },
    },
  ]);
});

test("a resolver of on_error says what is told, observers hear it, and one that throws is only logged", async () => {
  const seen: unknown[] = [];
  await using t = await testAgent({
    plugins: [
      hooked(
        ["on_error", "interceptor", never],
        ["on_error", "resolver", () => "Try again in an hour"],
        ["on_error", "observer", ({ error }: OnError) => void seen.push(error.reason)],
      ),
    ],
  });
  t.fake.reply({ status: 400, message: "No such thing" });
  expect((await t.send("Hi")).error).toMatchObject({ reason: "provider_error", message: "Try again in an hour" });
  await until(() => seen.length === 1);
  expect([seen, t.warned()]).toEqual([["provider_error"], ["an interceptor was passed over"]]);
});

test("on_error hears nothing of a run that is cancelled", async () => {
  await using t = await testAgent({ plugins: [hooked(["on_error", "observer", () => {}])] });
  t.fake.reply(["Hello", { wait: new Promise(() => {}) }]);
  const { run_id } = await t.runner.start({ message: "Hi" }, OWNER_GRANT);
  await t.until("stream.chunk");
  await t.runner.stop(run_id, "abort");
  expect(t.plugins.calls).toEqual([]);
});

test("the arguments that a tool really got are told beside its result", async () => {
  await using t = await testAgent({
    plugins: [
      {
        ...hooked(["before_tool_call", "interceptor", () => ({ args: { city: "Rome" } })]),
        tools: [{ name: "weather", description: "Tells it", handler: "weather", parameters: { required: ["city"] } }],
        code: { h0: () => ({ args: { city: "Rome" } }), weather: ({ city }: { city: string }) => `Sun in ${city}` },
      },
    ],
  });
  t.fake.reply([{ tool_call: { id: "c1", name: "weather", args: { city: "Oslo" } } }], "ok");
  await t.send("Weather?");
  expect(t.told("stream.tool_start")[0]).toMatchObject({ args: { city: "Oslo" } });
  expect(t.told("stream.tool_end")[0]).toMatchObject({ args: { city: "Rome" }, result: "Sun in Rome" });
  const { messages } = readHistory(t.store.db, 1, { limit: 10 });
  expect(messages.flatMap(({ parts }) => parts).filter(({ type }) => type.startsWith("tool_"))).toEqual([
    { type: "tool_call", call_id: "c1", tool: "weather", args: { city: "Oslo" } },
    {
      type: "tool_result",
      call_id: "c1",
      tool: "weather",
      status: "ok",
      text: "Sun in Rome",
      args: { city: "Rome" },
      duration_ms: expect.any(Number),
    },
  ]);
});

test("a run that hooks had to do with is played again without them", async () => {
  await using t = await testAgent({
    record: true,
    plugins: [
      hooked(
        ["on_response", "interceptor", ({ response }: OnResponse) => ({ response: `${response}!` })],
        ["on_error", "resolver", () => "Later"],
      ),
    ],
  });
  t.fake.reply("Hello");
  const good = await t.send("Hi");
  t.fake.reply({ status: 400, message: "No" });
  const bad = await t.send("Hi");
  const calls = t.plugins.calls.length;
  for (const run of [good, bad]) {
    expect(await t.cassettes.replay(run.id)).toMatchObject({ status: run.status, differences: [] });
  }
  expect(t.plugins.calls).toHaveLength(calls);
  t.plugins.set();
  expect(await t.cassettes.replay(good.id)).toMatchObject({ text: "Hello!", differences: [] });
});
