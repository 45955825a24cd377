/** Asking other agents: one server of ours gives tasks to another one. */
import { expect, test } from "bun:test";
import { a2aApp } from "../support/a2a.ts";
import { collectEvents } from "../support/app.ts";
import { conversation } from "../support/conversation.ts";
import { until } from "../support/until.ts";

const tool = "a2a_send";

async function pair(table: { ask?: boolean; timeout_ms?: number } = { ask: false }, token?: string) {
  await using stack = new AsyncDisposableStack();
  const other = stack.use(await a2aApp());
  const there = { url: other.url, description: "Knows the time", token: token ?? other.token, ...table };
  const own = stack.use(await conversation({ config: { a2a: { agents: { clock: there } } } }));
  const call = (args: Record<string, unknown>) => own.client.call("tool.call", { tool, args });
  const owned = stack.move();
  return { other, own, call, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("a2a_send is there when an agent is configured, and names it", async () => {
  await using none = await conversation();
  expect((await none.client.call("tool.list", {})).tools.map(({ name }) => name)).not.toContain(tool);
  await using t = await pair();
  const { tools } = await t.own.client.call("tool.list", {});
  expect(tools.find(({ name }) => name === tool)?.description).toContain("- clock: Knows the time");
});

test("a2a_send gives a task and returns the answer, marked as content from outside", async () => {
  await using t = await pair();
  t.other.fake.reply("It is noon");
  t.own.fake.reply([{ tool_call: { name: tool, args: { agent: "clock", message: "What time is it?" } } }], "Noon");
  const { text } = await t.own.client.call("session.send", { message: "Ask the clock" });
  expect(text).toBe("Noon");
  const seen = JSON.stringify(t.own.fake.requests[1]!.body.messages);
  expect(seen).toContain("It is noon");
  expect(seen).toContain("Content from outside");
  expect(JSON.stringify(t.other.fake.requests[0]!.body.messages)).toContain("What time is it?");
});

test("a2a_send goes on with a task that asks, and with a conversation", async () => {
  await using t = await pair();
  t.other.fake.reply([{ tool_call: { name: "ask_user", args: { question: "Which zone?" } } }], "Noon in Paris", "Yes");
  const asked = await t.call({ agent: "clock", message: "What time is it?" });
  expect(asked.ok).toBe(true);
  expect(asked.result).toContain("Which zone?");
  const [, task_id = "", context_id = ""] = /task_id (\S+), context_id (\S+): input required/.exec(asked.result) ?? [];
  const done = await t.call({ agent: "clock", message: "Paris", task_id });
  expect(done.result).toContain("Noon in Paris");
  expect((await t.call({ agent: "clock", message: "Sure?", context_id })).result).toContain("Yes");
  expect(JSON.stringify(t.other.fake.requests[2]!.body.messages)).toContain("Noon in Paris");
});

test("a2a_send asks a person first unless the owner says otherwise", async () => {
  await using t = await pair({});
  const refused = t.call({ agent: "clock", message: "Hello" }).catch((thrown: unknown) => thrown);
  const waiting = await until(
    async () => (await t.own.client.call("approvals.list", { status: "pending" })).approvals[0],
  );
  expect(waiting).toMatchObject({ tool, plan: { agent: "clock", message: "Hello", url: t.other.url } });
  await t.own.client.call("approvals.resolve", { approval_id: waiting.approval_id, decision: "deny" });
  expect(await refused).toMatchObject({ reason: "approval_denied" });
  expect(t.other.fake.requests).toEqual([]);
});

test("a2a_send says what went wrong, and tells nobody its token", async () => {
  await using t = await pair({ ask: false }, "wrong-token-canary");
  const refused = await t.call({ agent: "clock", message: "Hello" });
  expect(refused.ok).toBe(false);
  expect(refused.result).toContain('Agent "clock" could not be asked');
  expect(refused.result).not.toContain("canary");
  await expect(t.call({ agent: "nobody", message: "Hello" })).resolves.toMatchObject({ ok: false });
});

test("a2a_send ends when the agent takes too long, and says how to go on", async () => {
  await using t = await pair({ ask: false, timeout_ms: 2000 });
  t.other.fake.reply({ steps: ["Beginning"], end: "silence" });
  const late = await t.call({ agent: "clock", message: "Hello" });
  expect(late).toMatchObject({
    ok: false,
    result: expect.stringMatching(/did not answer in time; its task is run_\w+$/),
  });
});

const send = { tool_call: { name: tool, args: { agent: "clock", message: "What time is it?" } } };

test("a2a_send does not wait on one connection for a task that takes long, and shows how it gets on", async () => {
  await using t = await pair();
  const gate = Promise.withResolvers<void>();
  t.other.fake.reply({ steps: ["It is ", { wait: gate.promise }, "noon"] });
  t.own.fake.reply([send], "Noon");
  const outputs = await collectEvents(t.own.client, "stream.tool_output");
  const answered = t.own.client.call("session.send", { message: "Ask the clock" });
  await outputs.until(({ data }) => "content" in data && data.content === "clock: working");
  gate.resolve();
  expect((await answered).text).toBe("Noon");
  expect(JSON.stringify(t.own.fake.requests[1]!.body.messages)).toContain("It is noon");
});

test("a2a_send cancels the task when its own run is stopped", async () => {
  await using t = await pair();
  t.other.fake.reply({ steps: ["It is "], end: "silence" });
  t.own.fake.reply([send]);
  const outputs = await collectEvents(t.own.client, "stream.tool_output");
  const { run_id } = await t.own.client.call("agent.run", { message: "Ask the clock" });
  await outputs.until(({ data }) => "content" in data && data.content === "clock: working");
  await t.own.client.call("agent.abort", { run_id });
  const status = async () => (await t.other.client.call("runs.list", {})).runs[0]!.status;
  await until(async () => (await status()) === "cancelled");
});

test("a2a_send is not put off by a connection that fails for a moment while the task goes on", async () => {
  await using other = await a2aApp();
  let polls = 0;
  await using front: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request): Promise<Response> {
      const text = await request.text();
      if (text.includes("GetTask") && ++polls <= 2) return new Response("Bad gateway", { status: 502 });
      const headers = new Headers(request.headers);
      headers.delete("host");
      const url = other.url + new URL(request.url).pathname;
      const answer = await fetch(url, { method: request.method, headers, ...(text === "" ? {} : { body: text }) });
      return Response.json(JSON.parse((await answer.text()).replaceAll(other.url, front.url.origin)));
    },
  });
  const clock = { url: front.url.origin, token: other.token, ask: false };
  await using own = await conversation({ config: { a2a: { agents: { clock } } } });
  const gate = Promise.withResolvers<void>();
  other.fake.reply({ steps: ["It is ", { wait: gate.promise }, "noon"] });
  const answered = own.client.call("tool.call", { tool, args: { agent: "clock", message: "What time is it?" } });
  await until(() => polls > 2);
  gate.resolve();
  expect(await answered).toMatchObject({ ok: true, result: expect.stringContaining("It is noon") });
});
