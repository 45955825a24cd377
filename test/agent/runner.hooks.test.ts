import { expect, test } from "bun:test";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { OnMessage } from "../../src/sdk/hook.ts";
import type { HookKind } from "../../src/sdk/plugin.ts";
import type { Handler, TestPlugin } from "../support/active-plugins.ts";
import { MAIN, testAgent } from "../support/agent.ts";
import { refusal } from "../support/config.ts";
import { until } from "../support/until.ts";

/** A plugin with one hook of on_message. */
const hearing = (kind: HookKind, handler: Handler, more: Partial<TestPlugin> = {}): TestPlugin => ({
  id: "ear",
  hooks: [{ event: "on_message", kind, priority: "normal", handler: "hear" }],
  ...more,
  code: { hear: handler, ...more.code },
});

const asked = (t: Awaited<ReturnType<typeof testAgent>>) =>
  t.fake.requests.map(({ body }) => body.messages.at(-1).content as string);

test("on_message changes a message before it is stored: history and model have what came out", async () => {
  await using t = await testAgent({
    plugins: [hearing("interceptor", ({ message }: OnMessage) => ({ message: message.replace("4711", "[number]") }))],
  });
  t.fake.reply("ok");
  await t.send("Card 4711", { attachments: [{ mime: "text/plain", name: "a.txt", data: "aGVsbG8=" }] });
  expect(t.history()).toEqual(["user complete: Card [number]", "assistant complete: ok"]);
  expect(JSON.stringify(t.fake.requests[0]!.body)).not.toContain("4711");
  expect(t.plugins.calls.map(({ args }) => args)).toEqual([
    {
      agent: "main",
      sessionKey: MAIN,
      runId: null,
      identity: "owner",
      message: "Card 4711",
      attachments: [{ mime: "text/plain", name: "a.txt", size: 5 }],
    },
  ]);
});

test("on_message that throws refuses the message: nothing of it is stored", async () => {
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", () => {
        throw new Error("Not after eight");
      }),
    ],
  });
  expect(await refusal(() => t.send("Hi"))).toEqual({
    reason: "forbidden",
    message: 'Plugin "ear" refused the message: Not after eight',
    data: { plugin: "ear", event: "on_message" },
  });
  expect([t.history(), t.events]).toEqual([[], []]);
  expect(t.runner.queues()).toEqual([]);
});

test("on_message that leaves nothing of a message refuses it", async () => {
  await using t = await testAgent({ plugins: [hearing("interceptor", () => ({ message: " " }))] });
  expect(await refusal(() => t.send("Hi"))).toMatchObject({ message: "A plugin left nothing of the message" });
});

test("a resolver of on_message answers, and no model is asked", async () => {
  await using t = await testAgent({
    plugins: [hearing("resolver", ({ message }: OnMessage) => (message === "Hi" ? "I am away" : null))],
  });
  t.fake.reply("ok");
  expect(await t.send("Hi")).toMatchObject({ status: "completed", text: "I am away", steps: 0 });
  expect((await t.send("Hello")).text).toBe("ok");
  expect(t.history()).toEqual([
    "user complete: Hi",
    "assistant complete: I am away",
    "user complete: Hello",
    "assistant complete: ok",
  ]);
  expect(t.fake.requests).toHaveLength(1);
});

test("on_message hears of a command before it is one, and can make or stop one", async () => {
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", ({ message }: OnMessage) => ({ message: message.replace("please ", "/") }), {
        commands: [{ name: "ping", description: "", handler: "ping" }],
        code: { ping: () => "pong" },
      }),
    ],
  });
  t.fake.reply("no command");
  expect((await t.send("please ping")).text).toBe("pong");
  expect((await t.send("ping")).text).toBe("no command");
});

test("on_message hears of what is steered into a run, which gets what came out", async () => {
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", ({ message }: OnMessage) => {
        if (message === "bad") throw new Error("No");
        return { message: `${message}!` };
      }),
    ],
  });
  const held = Promise.withResolvers<void>();
  t.fake.reply(["Hello", { wait: held.promise }], "done");
  const { run_id } = await t.runner.start({ message: "one" }, OWNER_GRANT);
  await t.until("stream.chunk");
  await t.runner.steer(run_id, "two", OWNER_GRANT);
  await t.runner.start({ message: "three", mode: "steer" }, OWNER_GRANT);
  expect(await refusal(() => t.runner.steer(run_id, "bad", OWNER_GRANT))).toMatchObject({ reason: "forbidden" });
  held.resolve();
  await t.runner.wait(run_id, new AbortController().signal);
  expect(t.history().filter((line) => line.startsWith("user"))).toEqual([
    "user complete: one!",
    "user complete: two!",
    "user complete: three!",
  ]);
  expect(asked(t)[1]).toContain("three!");
  expect(t.plugins.calls.map(({ args }) => (args as OnMessage).runId)).toEqual([null, run_id, null, run_id]);
});

test("a message whose run ended while a hook heard it is not steered into it", async () => {
  const hold = Promise.withResolvers<void>();
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", async ({ message }: OnMessage) => {
        if (message === "late") await hold.promise;
      }),
    ],
  });
  const held = Promise.withResolvers<void>();
  t.fake.reply(["Hello", { wait: held.promise }]);
  const { run_id } = await t.runner.start({ message: "one" }, OWNER_GRANT);
  await t.until("stream.chunk");
  const steering = refusal(() => t.runner.steer(run_id, "late", OWNER_GRANT));
  await until(() => t.plugins.calls.length === 2);
  held.resolve();
  await t.runner.wait(run_id, new AbortController().signal);
  hold.resolve();
  expect(await steering).toMatchObject({ reason: "conflict", message: `Run "${run_id}" is completed` });
});

test("messages of one session keep their order, however long a hook takes", async () => {
  const hold = Promise.withResolvers<void>();
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", async ({ message }: OnMessage) => {
        if (message === "first") await hold.promise;
      }),
    ],
  });
  t.fake.answer(() => "ok");
  const runs = ["first", "second", "third"].map((message) => t.send(message));
  const other = await t.send("elsewhere", { session_key: "agent:main:chat:b" });
  expect(other.status).toBe("completed");
  hold.resolve();
  await Promise.all(runs);
  expect(t.history().filter((line) => line.startsWith("user"))).toEqual([
    "user complete: first",
    "user complete: second",
    "user complete: third",
  ]);
});

test("a message that hooks refused does not hold up the one behind it", async () => {
  await using t = await testAgent({
    plugins: [
      hearing("interceptor", ({ message }: OnMessage) => {
        if (message === "bad") throw new Error("No");
      }),
    ],
  });
  t.fake.reply("ok");
  const bad = refusal(() => t.send("bad"));
  const good = t.send("good");
  expect([(await bad).reason, (await good).text]).toEqual(["forbidden", "ok"]);
});

test("hooks hear a message once that is sent twice with the same key", async () => {
  await using t = await testAgent({
    plugins: [hearing("interceptor", ({ message }: OnMessage) => ({ message: `${message}!` }))],
  });
  t.fake.reply("ok");
  const first = await t.send("Hi", { idempotency_key: "k" });
  expect((await t.send("Hi", { idempotency_key: "k" })).id).toBe(first.id);
  expect(await refusal(() => t.send("Other", { idempotency_key: "k" }))).toMatchObject({ reason: "conflict" });
  expect(t.plugins.calls).toHaveLength(1);
});
