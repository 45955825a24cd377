import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { TestPlugin } from "../support/active-plugins.ts";
import { MAIN, testAgent } from "../support/agent.ts";
import { refusalOf } from "../support/tool-call.ts";

const PLUGIN: TestPlugin = {
  id: "tools",
  commands: [
    { name: "ping", description: "Answers", handler: "onPing" },
    { name: "wait", description: "Waits", handler: "onWait" },
    { name: "fail", description: "Fails", handler: "onFail" },
  ],
  prompts: [{ scope: "standalone", text: "Be terse." }],
  code: {
    onPing: ({ text }: { text: string }) => `pong ${text}`.trim(),
    onWait: (_: never, __: never, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    onFail: () => {
      throw new Error("Out of order");
    },
  },
};

test("a line that calls a command is answered without a model, and stands in the history", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const run = await t.send("/ping me");
  expect(run).toMatchObject({ status: "completed", text: "pong me", model: null, steps: 0 });
  expect(t.history()).toEqual(["user complete: /ping me", "assistant complete: pong me"]);
  expect(t.fake.requests).toHaveLength(0);
  expect(t.events.map(({ topic }) => topic)).toEqual([
    "session.created",
    "session.updated",
    "agent.started",
    "stream.chunk",
    "agent.completed",
  ]);
  expect(t.told("stream.chunk")).toEqual([{ run_id: run.id, session_key: MAIN, content: "pong me", index: 0 }]);
  expect(t.told("agent.completed")[0]).toMatchObject({ text: "pong me", steps: 0, usage: { input: 0, output: 0 } });
  expect(t.plugins.calls[0]).toMatchObject({
    handler: "onPing",
    args: { text: "me", words: ["me"] },
    context: { command: "ping", agent: "main", sessionKey: MAIN, runId: run.id, identity: "owner" },
  });
});

test("a slash word that is no command, and a prompt's name, go to the model", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  t.fake.reply("one", "two", "three");
  for (const message of ["/unknown", "/tools be brief", " /ping"]) await t.send(message);
  expect(t.fake.requests).toHaveLength(3);
  const system = ({ body }: { body: { messages: { content: string }[] } }) => body.messages[0]!.content;
  expect(t.fake.requests.map((request) => system(request).includes("Be terse."))).toEqual([false, true, false]);
  expect(t.plugins.calls).toEqual([]);
});

test("the model sees what commands answered", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  await t.send("/ping");
  t.fake.reply("ok");
  await t.send("And?");
  expect(t.fake.requests[0]!.body.messages.slice(1).map(({ role }: { role: string }) => role)).toEqual([
    "user",
    "assistant",
    "user",
  ]);
});

test("a command does not wait for the run that the session has", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const held = Promise.withResolvers<void>();
  t.fake.reply(["Hello", { wait: held.promise }, " there"]);
  const { run_id } = await t.runner.start({ message: "Hi" }, OWNER_GRANT);
  await t.until("stream.chunk");
  for (const mode of ["queue", "steer", "interrupt", "reject"] as const) {
    expect((await t.send(`/ping ${mode}`, { mode })).text).toBe(`pong ${mode}`);
  }
  expect(t.runner.of(MAIN)).toEqual({ active: run_id, queued: [] });
  held.resolve();
  expect((await t.runner.wait(run_id, new AbortController().signal)).text).toBe("Hello there");
});

test("commands of one session run one after the other, and each can be stopped", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const first = await t.runner.start({ message: "/wait" }, OWNER_GRANT);
  const second = await t.runner.start({ message: "/wait" }, OWNER_GRANT);
  const third = await t.runner.start({ message: "/ping" }, OWNER_GRANT);
  expect([first, second, third].map(({ status }) => status)).toEqual(["running", "queued", "queued"]);
  expect(t.runner.queues()).toEqual([
    { sessionKey: MAIN, active: first.run_id, queued: [second.run_id, third.run_id] },
  ]);
  expect(await t.runner.stop(second.run_id, "cancel")).toMatchObject({ status: "cancelled" });
  expect(await t.runner.stop(first.run_id, "cancel")).toMatchObject({ status: "cancelled" });
  expect((await t.runner.wait(third.run_id, new AbortController().signal)).text).toBe("pong");
  expect(t.history()).toEqual([
    "user complete: /wait",
    "user complete: /wait",
    "user complete: /ping",
    "assistant complete: pong",
  ]);
});

test("stopSession ends its commands too", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const { run_id } = await t.runner.start({ message: "/wait" }, OWNER_GRANT);
  await t.runner.stopSession(MAIN);
  expect(t.runs.get(run_id).status).toBe("cancelled");
});

test("a command cannot be steered", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const { run_id } = await t.runner.start({ message: "/wait" }, OWNER_GRANT);
  expect(await refusalOf(t.runner.steer(run_id, "more", OWNER_GRANT))).toBe(`conflict: Run "${run_id}" is running`);
  await t.runner.stop(run_id, "abort");
});

test("a command that fails is a run that fails, with what the plugin said", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const run = await t.send("/fail");
  expect(run).toMatchObject({ status: "failed", error: { reason: "plugin_error", message: "Out of order" } });
  expect(t.history()).toEqual(["user complete: /fail"]);
  expect(t.told("agent.error")).toEqual([
    { run_id: run.id, session_key: MAIN, error: { reason: "plugin_error", message: "Out of order" } },
  ]);
});

test("a command is not run again for the same idempotency key", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const first = await t.send("/ping", { idempotency_key: "k" });
  const again = await t.send("/ping", { idempotency_key: "k" });
  expect(again.id).toBe(first.id);
  expect(t.plugins.calls).toHaveLength(1);
});

test("a command costs nothing, and runs where the budget is spent", async () => {
  const limits = { ...DEFAULTS.limits, budget: { ...DEFAULTS.limits.budget, day: { tokens: 1, cost_usd: 0 } } };
  await using t = await testAgent({ plugins: [PLUGIN], limits });
  t.fake.reply("Hello");
  await t.send("Hi");
  expect(await refusalOf(t.send("Hi again"))).toStartWith("budget_exceeded: ");
  expect((await t.send("/ping")).text).toBe("pong");
});

test("a guest's line goes to the model", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  t.fake.reply("I cannot");
  await t.send("/ping", {}, { identity: { id: "g", kind: "guest" }, role: "guest", scopes: ["chat"] });
  expect([t.plugins.calls.length, t.fake.requests.length]).toEqual([0, 1]);
});

test("a command that waited for its turn is taken up after a restart; one that had begun is not repeated", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const begun = await t.runner.start({ message: "/wait" }, OWNER_GRANT);
  const waiting = await t.runner.start({ message: "/ping" }, OWNER_GRANT);
  // The first process is gone from here on; nothing of it is looked at any more.
  const next = t.restarted();
  await next.recover();
  const { signal } = new AbortController();
  expect((await next.wait(waiting.run_id, signal)).text).toBe("pong");
  expect(t.runs.get(begun.run_id).status).toBe("interrupted");
  expect(t.plugins.calls.map(({ handler }) => handler)).toEqual(["onWait", "onPing"]);
  await t.runner.stopSession(MAIN);
});

test("a wait for a run leaves nothing behind at a signal that lives on, as a connection's does", async () => {
  await using t = await testAgent();
  t.fake.answer(() => "Hello");
  const { signal } = new AbortController();
  for (let at = 0; at < 3; at++) {
    const { run_id } = await t.runner.start({ message: "Hi" }, OWNER_GRANT);
    expect(await t.runner.wait(run_id, signal)).toMatchObject({ text: "Hello" });
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
