import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { until } from "../support/until.ts";

async function texts(client: Awaited<ReturnType<typeof conversation>>["client"], session_key = MAIN) {
  const { messages } = await client.call("session.history", { session_key });
  return messages.map(({ role, content, status }) => ({ role, content, status }));
}

/** A reply that says something, then waits. */
function held(text: string) {
  const gate = Promise.withResolvers<void>();
  return { reply: { steps: [text, { wait: gate.promise }, " and the rest"] }, release: gate.resolve };
}

test("agent.run answers before the model does and the answer follows as events", async () => {
  await using t = await conversation();
  const { reply, release } = held("Hello");
  t.fake.reply(reply);
  const events = await collectEvents(t.client);
  const started = await t.client.call("agent.run", { message: "Hi" });
  expect(started).toEqual({ run_id: started.run_id, status: "running", session_key: MAIN });
  await events.until(({ topic }) => topic === "stream.chunk");
  expect(await t.client.call("runs.status", { run_id: started.run_id })).toEqual({
    run_id: started.run_id,
    status: "running",
  });
  release();
  const completed = await events.until(({ topic }) => topic === "agent.completed");
  expect(completed.data).toMatchObject({
    run_id: started.run_id,
    session_key: MAIN,
    text: "Hello and the rest",
    usage: { input: 10, output: 5, cache_read: 0, cache_write: 0, cost_usd: null },
    steps: 1,
  });
  const chunks = events.events
    .filter(({ topic }) => topic === "stream.chunk")
    .map(({ data }) => data as { content: string; index: number });
  expect(chunks.map(({ content }) => content).join("")).toBe("Hello and the rest");
  expect(chunks.map(({ index }) => index)).toEqual(chunks.map((_, index) => index));
  expect(await texts(t.client)).toEqual([
    { role: "user", content: "Hi", status: "complete" },
    { role: "assistant", content: "Hello and the rest", status: "complete" },
  ]);
});

test("agent.run queues behind a run of the same session and keeps the order of the conversation", async () => {
  await using t = await conversation();
  const first = held("one");
  t.fake.reply(first.reply, "two");
  const events = await collectEvents(t.client);
  await t.client.call("agent.run", { message: "first" });
  await events.until(({ topic }) => topic === "stream.chunk");
  const second = await t.client.call("agent.run", { message: "second" });
  expect(second.status).toBe("queued");
  expect(await t.client.call("runs.queue", {})).toEqual({
    sessions: [{ session_key: MAIN, active_run: expect.any(String), queued_runs: [second.run_id] }],
  });
  first.release();
  await t.client.call("runs.wait", { run_id: second.run_id });
  expect((await texts(t.client)).map(({ content }) => content)).toEqual(["first", "one and the rest", "second", "two"]);
  expect(t.fake.requests[0]!.body.messages.filter(({ role }: { role: string }) => role === "user")).toHaveLength(1);
  expect(t.fake.requests[1]!.body.messages.slice(1).map(({ role }: { role: string }) => role)).toEqual([
    "user",
    "assistant",
    "user",
  ]);
});

test("sessions do not wait for each other", async () => {
  await using t = await conversation();
  const slow = held("slow");
  t.fake.reply(slow.reply, "quick");
  const events = await collectEvents(t.client);
  const first = await t.client.call("agent.run", { message: "a", session_key: "agent:main:chat:a" });
  await events.until(({ topic }) => topic === "stream.chunk");
  const { text } = await t.client.call("session.send", { message: "b", session_key: "agent:main:chat:b" });
  expect(text).toBe("quick");
  slow.release();
  expect((await t.client.call("runs.wait", { run_id: first.run_id })).status).toBe("completed");
});

test("mode reject refuses while the session has a run", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply);
  const first = await t.client.call("agent.run", { message: "first" });
  const error = await t.client
    .call("agent.run", { message: "second", mode: "reject" })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "conflict", data: { run_id: first.run_id } });
  release();
  await t.client.call("runs.wait", { run_id: first.run_id });
  expect((await texts(t.client)).map(({ content }) => content)).toEqual(["first", "one and the rest"]);
});

test("mode interrupt cancels the run and starts the new one", async () => {
  await using t = await conversation();
  const { reply } = held("one");
  t.fake.reply(reply, "two");
  const events = await collectEvents(t.client);
  const first = await t.client.call("agent.run", { message: "first" });
  await events.until(({ topic }) => topic === "stream.chunk");
  const { text } = await t.client.call("session.send", { message: "second", mode: "interrupt" });
  expect(text).toBe("two");
  expect((await t.client.call("runs.get", { run_id: first.run_id })).status).toBe("cancelled");
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
  expect(await texts(t.client)).toEqual([
    { role: "user", content: "first", status: "complete" },
    { role: "assistant", content: "one", status: "interrupted" },
    { role: "user", content: "second", status: "complete" },
    { role: "assistant", content: "two", status: "complete" },
  ]);
});

test("agent.steer adds a message that the run sees at its next step", async () => {
  await using t = await conversation();
  const gate = Promise.withResolvers<void>();
  t.fake.reply([{ tool_call: { name: "time", args: {} } }, { wait: gate.promise }], "done");
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "first" });
  await events.until(({ topic }) => topic === "agent.started");
  // What came before the model was asked would belong to the question.
  await until(() => t.fake.requests.length === 1);
  const { message_id } = await t.client.call("agent.steer", { run_id, message: "and this" });
  gate.resolve();
  await t.client.call("runs.wait", { run_id });
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user", "assistant"]);
  expect(messages[3]).toMatchObject({ id: message_id, content: "and this", run_id });
  expect(t.fake.requests[1]!.body.messages.at(-1)).toMatchObject({ role: "user" });
  const ended = await t.client.call("agent.steer", { run_id, message: "late" }).catch((thrown: unknown) => thrown);
  expect(ended).toMatchObject({ reason: "conflict", message: `Run "${run_id}" is completed` });
});

test("a message that is steered in while the last answer is written still gets its answer", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply, "two");
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "first" });
  await events.until(({ topic }) => topic === "stream.chunk");
  expect(await t.client.call("agent.run", { message: "second", mode: "steer" })).toMatchObject({ run_id });
  release();
  expect(await t.client.call("runs.wait", { run_id })).toMatchObject({ status: "completed", text: "two", steps: 2 });
  expect((await texts(t.client)).map(({ content }) => content)).toEqual(["first", "one and the rest", "second", "two"]);
});

test("a message that is steered in before the first request is seen once", async () => {
  await using t = await conversation();
  t.fake.answer(() => "ok");
  for (let round = 0; round < 10; round++) {
    const session_key = `agent:main:chat:r${round}`;
    const { run_id } = await t.client.call("agent.run", { message: "first", session_key });
    const before = t.fake.requests.length;
    await t.client.call("agent.steer", { run_id, message: "and this" }).catch((error: unknown) => {
      // Too late in this round: the run had ended.
      expect(error).toMatchObject({ reason: "conflict" });
    });
    await t.client.call("runs.wait", { run_id });
    for (const { body } of t.fake.requests.slice(Math.max(0, before - 1))) {
      expect(JSON.stringify(body.messages).split("and this").length).toBeLessThanOrEqual(2);
    }
  }
});

test("the same idempotency key answers with the first run and starts nothing", async () => {
  await using t = await conversation();
  t.fake.reply("one");
  const first = await t.client.call("session.send", { message: "Hi", idempotency_key: "k1" });
  const again = await t.client.call("agent.run", { message: "Hi", idempotency_key: "k1" });
  expect(again).toEqual({ run_id: first.run_id, status: "completed", session_key: MAIN });
  expect(t.fake.requests).toHaveLength(1);
  const other = await t.client
    .call("agent.run", { message: "Other", idempotency_key: "k1" })
    .catch((thrown: unknown) => thrown);
  expect(other).toMatchObject({ reason: "conflict", data: { run_id: first.run_id } });
  expect((await texts(t.client)).length).toBe(2);
});

test("concurrent requests with one idempotency key start one run", async () => {
  await using t = await conversation();
  t.fake.reply("one");
  const started = await Promise.all(
    Array.from({ length: 5 }, () => t.client.call("agent.run", { message: "Hi", idempotency_key: "k1" })),
  );
  expect(new Set(started.map(({ run_id }) => run_id)).size).toBe(1);
  await t.client.call("runs.wait", { run_id: started[0]!.run_id });
  expect(t.fake.requests).toHaveLength(1);
});

test("a message that is sent again under its key changes nothing, whatever the session has under way", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply, "two");
  const events = await collectEvents(t.client);
  const send = (message: string, idempotency_key: string, mode?: "steer" | "reject") =>
    t.client.call("agent.run", { message, idempotency_key, ...(mode ? { mode } : {}) });
  const first = await send("first", "k1");
  await events.until(({ topic }) => topic === "stream.chunk");
  const steered = [await send("more", "k2", "steer"), await send("more", "k2", "steer")];
  expect(steered).toEqual([first, first]);
  expect(await send("first", "k1", "steer")).toEqual(first);
  expect(await send("first", "k1", "reject")).toEqual(first);
  expect(await send("other", "k2", "steer").catch((thrown: unknown) => thrown)).toMatchObject({ reason: "conflict" });
  release();
  await t.client.call("runs.wait", { run_id: first.run_id });
  expect(await send("more", "k2", "steer")).toEqual({ ...first, status: "completed" });
  expect((await texts(t.client)).map(({ content }) => content)).toEqual(["first", "one and the rest", "more", "two"]);
  expect(await t.client.call("runs.queue", {})).toEqual({ sessions: [] });
});

test("agent.cancel drops a run that waits", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply);
  const first = await t.client.call("agent.run", { message: "first" });
  const second = await t.client.call("agent.run", { message: "second" });
  expect(await t.client.call("agent.cancel", { run_id: second.run_id })).toEqual({
    run_id: second.run_id,
    status: "cancelled",
  });
  release();
  expect((await t.client.call("runs.wait", { run_id: first.run_id })).status).toBe("completed");
  expect(t.fake.requests).toHaveLength(1);
});

test("agent.abort ends the provider's request and keeps the partial text", async () => {
  await using t = await conversation();
  t.fake.reply({ steps: ["partial"], end: "silence" });
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "Hi" });
  await events.until(({ topic }) => topic === "stream.chunk");
  expect(await t.client.call("agent.abort", { run_id })).toEqual({ run_id, status: "cancelled" });
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
  await events.until(({ topic }) => topic === "agent.cancelled");
  expect((await texts(t.client)).at(-1)).toEqual({ role: "assistant", content: "partial", status: "interrupted" });
});

test("a run that has ended can be stopped without harm, an unknown one is not found", async () => {
  await using t = await conversation();
  t.fake.reply("one");
  const { run_id } = await t.client.call("session.send", { message: "Hi" });
  expect(await t.client.call("agent.cancel", { run_id })).toEqual({ run_id, status: "completed" });
  const unknown = await t.client.call("agent.cancel", { run_id: "run_nope" }).catch((thrown: unknown) => thrown);
  expect(unknown).toMatchObject({ reason: "not_found" });
});

test("a run of an agent that is not configured is refused before anything is kept", async () => {
  await using t = await conversation();
  const error = await t.client.call("agent.run", { message: "Hi", agent: "ghost" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "not_found", message: 'No agent "ghost"' });
  expect(await t.client.call("session.list", {})).toEqual({ sessions: [] });
});

test("a session holds at most 32 waiting runs", async () => {
  await using t = await conversation({ config: { limits: { rate: { run: 0 } } } });
  const { reply, release } = held("one");
  t.fake.reply(reply);
  t.fake.answer(() => "more");
  await t.client.call("agent.run", { message: "first" });
  for (let index = 0; index < 32; index++) await t.client.call("agent.run", { message: `m${index}` });
  const error = await t.client.call("agent.run", { message: "one too many" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "overloaded", data: { retry_after_ms: 5000 } });
  await t.client.call("session.delete", { session_key: MAIN });
  release();
});

test("runs.wait tells how a run stands when it takes too long", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply);
  const { run_id } = await t.client.call("agent.run", { message: "Hi" });
  expect((await t.client.call("runs.wait", { run_id, timeout_ms: 1 })).status).toBe("running");
  release();
  expect(await t.client.call("runs.wait", { run_id })).toMatchObject({ status: "completed", text: "one and the rest" });
});

test("runs.wait tells of a run that failed for an internal reason, and each waits for its own", async () => {
  await using t = await conversation();
  const { reply, release } = held("one");
  t.fake.reply(reply);
  const events = await collectEvents(t.client);
  const first = await t.client.call("agent.run", { message: "first" });
  await events.until(({ topic }) => topic === "stream.chunk");
  const queued = await Promise.all(["second", "third"].map((message) => t.client.call("agent.run", { message })));
  // What nobody foresees: a row that cannot be read.
  using db = new Database(join(t.home.path, "aleph.db"), { strict: true });
  db.run("UPDATE message SET parts = '{' WHERE content = 'first'");
  const waiting = queued.map(({ run_id }) => t.client.call("runs.wait", { run_id }));
  release();
  expect((await t.client.call("runs.wait", { run_id: first.run_id })).status).toBe("completed");
  expect((await Promise.all(waiting)).map(({ run_id, status, error }) => ({ run_id, status, error }))).toEqual(
    queued.map(({ run_id }) => ({
      run_id,
      status: "failed",
      error: { reason: "internal", message: "Internal error" },
    })),
  );
});

test("a run whose workspace cannot be used says so, and what to do", async () => {
  await using t = await conversation();
  rmSync(join(t.home.workspaces, "main"), { recursive: true, force: true });
  writeFileSync(join(t.home.workspaces, "main"), "");
  const refused = await t.client.call("session.send", { message: "Hi" }).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({
    reason: "storage_failed",
    message: 'The workspace of agent "main" cannot be used',
    data: { code: "EEXIST", hint: "Make workspaces/main in ALEPH_HOME a folder that Aleph may write to" },
  });
  rmSync(join(t.home.workspaces, "main"));
  t.fake.reply("there again");
  expect((await t.client.call("session.send", { message: "Hi" })).text).toBe("there again");
});

test("what comes while its session is deleted ends with it", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client);
  for (const session_key of ["a", "b", "c"].map((name) => `agent:main:chat:${name}`)) {
    t.fake.reply(held(session_key).reply, held("late").reply);
    const first = await t.client.call("agent.run", { message: "first", session_key });
    await events.until(({ topic, data }) => topic === "stream.chunk" && Object(data).run_id === first.run_id);
    const deleted = t.client.call("session.delete", { session_key });
    const late = await t.client.call("agent.run", { message: "late", session_key });
    await deleted;
    expect(await t.client.call("runs.get", { run_id: late.run_id }).catch((thrown: unknown) => thrown)).toMatchObject({
      reason: "not_found",
    });
  }
  expect(await t.client.call("runs.queue", {})).toEqual({ sessions: [] });
  expect(events.events.filter(({ topic }) => topic === "agent.error")).toEqual([]);
});

test("an ephemeral session leaves nothing in the database", async () => {
  await using t = await conversation();
  t.fake.reply("secret answer");
  const session_key = "agent:main:ephemeral:x1";
  const { text, run_id } = await t.client.call("session.send", { message: "secret question", session_key });
  expect(text).toBe("secret answer");
  expect((await texts(t.client, session_key)).length).toBe(2);
  expect((await t.client.call("runs.get", { run_id })).status).toBe("completed");
  await t.client.call("rpc.ping", {});
  for (const suffix of ["", "-wal"]) {
    const bytes = await Bun.file(`${t.home.database}${suffix}`).text();
    expect(bytes.includes("secret")).toBe(false);
  }
});
