/** Webhooks: real HTTP servers that are told of tasks. */
import { describe, expect, test } from "bun:test";
import type { Task, TaskPushNotificationConfig } from "@a2a-js/sdk";
import { a2aApp, openAgent, saying } from "../support/a2a.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

interface Told {
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test checks
  readonly body: any;
}

function listener(answer: (count: number) => number = () => 200) {
  const told: Told[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      told.push({ headers: request.headers, body: await request.json() });
      return new Response(null, { status: answer(told.length) });
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  return { told, origin, url: `${origin}/hook`, [Symbol.asyncDispose]: () => server.stop(true) };
}

function webhook(url: string, more: Partial<TaskPushNotificationConfig> = {}): TaskPushNotificationConfig {
  return { tenant: "", id: "", taskId: "", url, token: "", authentication: undefined, ...more };
}

function telling(text: string, push: TaskPushNotificationConfig) {
  const request = saying(text, { wait: false });
  return { ...request, configuration: { ...request.configuration!, taskPushNotificationConfig: push } };
}

describe("webhooks", () => {
  test("are told of each state in the version that they were asked for in, with their token", async () => {
    await using hook = listener();
    await using t = await a2aApp({ config: { a2a: { webhooks: [`connect:${hook.origin}`] } } });
    t.fake.reply("One", "Two");
    const modern = await openAgent(t, "1.0");
    await modern.sendMessage(telling("one", webhook(hook.url, { token: "secret" })));
    const last = await until(() => hook.told.find(({ body }) => body.task?.status.state === "TASK_STATE_COMPLETED"));
    expect(last.headers.get("x-a2a-notification-token")).toBe("secret");
    expect(last.headers.get("content-type")).toContain("application/a2a+json");
    expect(last.body.task.artifacts[0].parts).toEqual([{ text: "One" }]);
    const old = await openAgent(t, "0.3");
    const authentication = { scheme: "Bearer", credentials: "abc" };
    await old.sendMessage(telling("two", webhook(hook.url, { authentication })));
    const legacy = await until(() => hook.told.find(({ body }) => body.status?.state === "completed"));
    expect(legacy.headers.get("authorization")).toBe("Bearer abc");
    expect(legacy.body).toMatchObject({ kind: "task", artifacts: [{ parts: [{ kind: "text", text: "Two" }] }] });
  });

  test("are set, shown, listed and removed", async () => {
    await using hook = listener();
    await using t = await a2aApp({ config: { a2a: { webhooks: [`connect:${hook.origin}`] } } });
    t.fake.reply("Done");
    const agent = await openAgent(t);
    const { id: taskId } = (await agent.sendMessage(saying("x"))) as Task;
    const made = await agent.createTaskPushNotificationConfig(webhook(hook.url, { taskId, id: "mine", token: "t" }));
    expect(made).toMatchObject({ id: "mine", taskId, url: hook.url, token: "t" });
    // A task that has ended is told of once.
    await until(() => hook.told.length === 1);
    expect(await agent.getTaskPushNotificationConfig({ tenant: "", taskId, id: "mine" })).toEqual(made);
    const list = async () =>
      (await agent.listTaskPushNotificationConfig({ tenant: "", taskId, pageSize: 0, pageToken: "" })).configs;
    expect((await list()).map(({ id }) => id)).toEqual(["mine"]);
    await agent.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "mine" });
    expect(await list()).toEqual([]);
    await expect(agent.getTaskPushNotificationConfig({ tenant: "", taskId, id: "mine" })).rejects.toThrow("no such");
    for (let count = 0; count < 10; count++)
      await agent.createTaskPushNotificationConfig(webhook(hook.url, { taskId }));
    await expect(agent.createTaskPushNotificationConfig(webhook(hook.url, { taskId }))).rejects.toThrow("10 webhooks");
  });

  test("are refused at addresses that the owner has not opened", async () => {
    await using t = await a2aApp();
    const agent = await openAgent(t);
    const refused = [
      "http://example.com/hook",
      "https://127.0.0.1/hook",
      "https://169.254.169.254/latest",
      "https://[::1]/hook",
      "https://10.0.0.1/hook",
      "https://user:pass@example.com/hook",
      "ftp://example.com",
      "nonsense",
    ];
    for (const url of refused) {
      await expect(agent.sendMessage(telling("x", webhook(url))), url).rejects.toThrow(/webhook/);
    }
    const split = webhook("https://example.com/", { token: "a\r\nx-evil: 1" });
    await expect(agent.sendMessage(telling("x", split))).rejects.toThrow("plain and short");
    // Nothing was begun for any of them.
    expect(t.fake.requests).toEqual([]);
  });

  test("a rule that cannot be read is told to the owner's log, and to no other agent", async () => {
    await using t = await a2aApp({ config: { a2a: { webhooks: ["connect:nonsense"] } } });
    const sent = (await openAgent(t)).sendMessage(telling("x", webhook("https://example.com/hook")));
    await expect(sent).rejects.toThrow(/^(?!.*nonsense).*Internal error/);
    expect(JSON.stringify(t.logs)).toContain("nonsense");
    expect(t.fake.requests).toEqual([]);
  });

  test("a name that leads into the own network is not followed", async () => {
    await using hook = listener();
    const port = new URL(hook.origin).port;
    await using t = await a2aApp({ config: { a2a: { webhooks: [`connect:http://*:${port}`] } } });
    t.fake.reply("Done");
    await (await openAgent(t)).sendMessage(telling("x", webhook(`http://localhost:${port}/hook`)));
    await until(() => t.logs.some(({ message }) => message === "a webhook could not be reached"));
    expect(hook.told).toEqual([]);
  });

  test("that fail are told again, those that refuse are not", async () => {
    await using flaky = listener((count) => (count === 1 ? 503 : 200));
    await using closed = listener(() => 410);
    const webhooks = [`connect:${flaky.origin}`, `connect:${closed.origin}`];
    await using t = await a2aApp({ config: { a2a: { webhooks } } });
    t.fake.reply("Done");
    const agent = await openAgent(t);
    const { id: taskId } = (await agent.sendMessage(saying("x"))) as Task;
    await agent.createTaskPushNotificationConfig(webhook(closed.url, { taskId }));
    await agent.createTaskPushNotificationConfig(webhook(flaky.url, { taskId }));
    await until(() => flaky.told.length === 2);
    expect(closed.told).toHaveLength(1);
  });

  test("that were not told before the server stopped are told when it is back", async () => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    let isUp = false;
    await using hook = listener(() => (isUp ? 200 : 503));
    const config = { a2a: { webhooks: [`connect:${hook.origin}`] } };
    await (async () => {
      await using t = await a2aApp({ home: folder.path, fake, config });
      fake.reply("Done");
      const agent = await openAgent(t);
      const { id: taskId } = (await agent.sendMessage(saying("x"))) as Task;
      await agent.createTaskPushNotificationConfig(webhook(hook.url, { taskId }));
      await until(() => hook.told.length > 0);
    })();
    isUp = true;
    const before = hook.told.length;
    await using _t = await a2aApp({ home: folder.path, fake, config });
    await until(() => hook.told.length > before);
    expect(hook.told.at(-1)?.body.task.status.state).toBe("TASK_STATE_COMPLETED");
  });
});
