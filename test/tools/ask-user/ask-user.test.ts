import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { conversation, MAIN } from "../../support/conversation.ts";

const ASK = { tool_call: { name: "ask_user", args: { question: "Which colour?", options: ["red", "blue"] } } };

async function asking(config: { timeout_ms?: number } = {}) {
  const t = await conversation({ config: { tools: { ask_user: config } } });
  t.fake.reply([ASK], "done");
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "Paint it" });
  const { data } = await events.until(({ topic }) => topic === "question.asked");
  const end = async () => {
    const { status } = await t.client.call("runs.wait", { run_id });
    const { messages } = await t.client.call("session.history", { session_key: MAIN });
    const result = messages.flatMap(({ parts }) => parts).find(({ type }) => type === "tool_result");
    return { status, roles: messages.map(({ role }) => role), result };
  };
  return { ...t, run_id, events, question: data, end };
}

test("ask_user waits, and the next message in the session is the answer", async () => {
  await using t = await asking();
  expect(t.question).toMatchObject({ run_id: t.run_id, question: "Which colour?", options: ["red", "blue"] });
  const answer = await t.client.call("agent.run", { message: "green" });
  expect(answer).toEqual({ run_id: t.run_id, status: "running", session_key: MAIN });
  const { status, roles, result } = await t.end();
  expect([status, roles]).toEqual(["completed", ["user", "assistant", "tool", "user", "assistant"]]);
  expect(result).toMatchObject({ status: "ok", text: "The user answered: green" });
  expect(t.events.events.find(({ topic }) => topic === "question.closed")?.data).toMatchObject({
    status: "answered",
    answer: "green",
  });
});

test("ask_user takes the answer of agent.steer too", async () => {
  await using t = await asking();
  await t.client.call("agent.steer", { run_id: t.run_id, message: "red" });
  expect((await t.end()).result).toMatchObject({ text: "The user answered: red" });
});

test("ask_user goes on when nobody answers in time", async () => {
  await using t = await asking({ timeout_ms: 50 });
  expect((await t.end()).result).toMatchObject({ status: "error", text: "The user did not answer within 1 s" });
});

test.each(["agent.abort", "agent.cancel"] as const)(
  "ask_user ends with its run at %s",
  async (how) => {
    await using t = await asking();
    await t.client.call(how, { run_id: t.run_id });
    const { status, result } = await t.end();
    expect([status, result]).toMatchObject(["cancelled", { status: "cancelled" }]);
    expect(t.events.events.find(({ topic }) => topic === "question.closed")?.data).toMatchObject({
      status: "cancelled",
    });
  },
  8_000,
);

test("ask_user says so where nobody is: outside of a run and in a task", async () => {
  await using t = await conversation();
  const nobody = "Nobody is here who could answer: go on as seems best, and say what you assumed";
  const args = { question: "Which colour?" };
  expect(await t.client.call("tool.call", { tool: "ask_user", args })).toEqual({ ok: false, result: nobody });
  t.fake.reply([ASK], "done");
  const session_key = "agent:main:cron:daily";
  expect((await t.client.call("session.send", { message: "Paint", session_key })).status).toBe("completed");
  const { messages } = await t.client.call("session.history", { session_key });
  expect(messages[2]!.parts[0]).toMatchObject({ status: "error", text: nobody });
});
