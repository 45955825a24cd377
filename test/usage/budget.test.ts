import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";

const HINT = "Wait until the next day begins, or raise [limits.budget.day] in config.toml";

test("a budget that is used up refuses new runs, and the message is not kept", async () => {
  await using t = await conversation({ config: { limits: { budget: { day: { tokens: 15 } } } } });
  t.fake.reply("one");
  await t.client.call("session.send", { message: "first", idempotency_key: "k1" });
  const error = await t.client.call("agent.run", { message: "second" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AlephError);
  expect(error).toMatchObject({
    reason: "budget_exceeded",
    message: "The budget of the day is used up: 15 tokens",
    data: { budget: "day", unit: "tokens", limit: 15, used: 15, hint: HINT },
  });
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["first", "one"]);
  expect(await t.client.call("runs.list", {})).toMatchObject({ runs: [{ status: "completed" }] });
  // What was taken before is answered as before.
  expect(await t.client.call("session.send", { message: "first", idempotency_key: "k1" })).toMatchObject({
    text: "one",
  });
});

test("a budget that is used up ends a run at its next step", async () => {
  await using t = await conversation({ config: { limits: { budget: { session: { tokens: 10 } } } } });
  t.fake.reply(["I look.", { tool_call: { name: "time", args: {} } }]);
  const events = await collectEvents(t.client);
  const error = await t.client.call("session.send", { message: "go" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    reason: "limit_reached",
    message: "The session's budget of the day is used up: 10 tokens",
    data: { budget: "session", unit: "tokens", used: 15 },
  });
  expect(t.fake.requests).toHaveLength(1);
  const traced = events.events.filter(({ topic }) => topic === "stream.agent_trace").map(({ data }) => data);
  expect(traced.at(-1)).toMatchObject({ kind: "limit", detail: { budget: "session" } });
  t.fake.reply("another session");
  const other = await t.client.call("session.send", { message: "go", session_key: "agent:main:chat:b" });
  expect(other.text).toBe("another session");
});

test("a budget of money counts where the config knows the price", async () => {
  await using t = await conversation({
    config: {
      limits: { budget: { identity: { cost_usd: 0.0001 } } },
      models: { default: "priced/m" },
    },
  });
  await t.client.call("config.patch", {
    patch: {
      providers: {
        priced: {
          type: "openai-compatible",
          base_url: t.fake.url,
          models: [{ id: "m", price: { input: 10, output: 0 } }],
        },
      },
    },
  });
  t.fake.reply("one");
  await t.client.call("session.send", { message: "first" });
  const error = await t.client.call("session.send", { message: "second" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    reason: "budget_exceeded",
    data: { budget: "identity", unit: "cost_usd", limit: 0.0001, used: 0.0001 },
  });
});

test("a reply that broke off and was taken up again counts for each model that told what it took", async () => {
  await using t = await conversation();
  t.fake.reply({ steps: ["half"], end: "cut" }, "the rest");
  await t.client.call("session.send", { message: "go" });
  const { rows } = await t.client.call("usage.summary", { by: "model" });
  expect(rows).toMatchObject([{ key: "fake/m", replies: 1, input: 10, output: 5 }]);
});

test.each([
  ["/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] }, { code: "budget_exceeded" }],
  ["/v1/responses", { input: "hi", store: false }, { code: "budget_exceeded" }],
  ["/v1/messages", { messages: [{ role: "user", content: "hi" }], max_tokens: 9 }, { type: "rate_limit_error" }],
])("a budget that is used up answers %s with 429, and nobody is asked", async (path, body, error) => {
  await using t = await conversation({ config: { limits: { budget: { identity: { tokens: 15 } } } } });
  t.fake.reply("one");
  const ask = (model: string) =>
    fetch(`${t.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${t.token}`, "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, ...body }),
    });
  const first = await ask("fake/m");
  expect(first.status).toBe(200);
  await first.text();
  const { rows } = await t.client.call("usage.summary", { by: "model" });
  expect(rows).toMatchObject([{ key: "fake/m", replies: 1, input: 10, output: 5 }]);
  for (const model of ["fake/m", "aleph"]) {
    const refused = await ask(model);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect((await refused.json()).error).toMatchObject({
      message: expect.stringContaining("Your budget of the day is used up: 15 tokens"),
      ...error,
    });
  }
  expect(t.fake.requests).toHaveLength(1);
});
