/** Waiting for subagents, looking at them and stopping them: through the whole server. */
import { expect, test } from "bun:test";
import { collectEvents } from "../support/app.ts";
import { type Conversation, conversation, MAIN } from "../support/conversation.ts";
import { calls, questionOf, results, send, spawn, turns } from "../support/delegation.ts";
import { until } from "../support/until.ts";

const OTHER = "agent:main:chat:other";
const background = (task: string) => spawn({ task, background: true });
const runIdOf = (text: string) => /run_\w+/.exec(text)![0];

/** Status of the runs by what was asked. */
async function statuses(t: Conversation) {
  const { runs } = await t.client.call("runs.list", {});
  const found = runs.map(async ({ session_key, status }) => {
    const { messages } = await t.client.call("session.history", { session_key });
    return [messages.find(({ role }) => role === "user")!.content, status] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

const saidBy = async (t: Conversation, session_key = MAIN) =>
  (await t.client.call("session.history", { session_key })).messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => content.replace(/run_\w+/, "run"));

test("agent_wait gives the answer of a subagent in the background, which does not come as a message then", async () => {
  await using t = await conversation();
  const held = Promise.withResolvers<void>();
  t.fake.answer((request) => {
    if (questionOf(request) === "slow") return [{ wait: held.promise }, { text: "the answer" }];
    const had = results(request);
    if (had.length > 1) return "done";
    return calls(had.length === 0 ? background("slow") : { name: "agent_wait", args: { run_id: runIdOf(had[0]!) } });
  });
  const sent = send(t, "go");
  // The row stands there when the wait begins.
  await until(async () => (await t.client.call("audit.list", { tool: "agent_wait" })).rows.length > 0);
  held.resolve();
  expect((await sent).text).toBe("done");
  const [started, waited] = results(t.fake.requests.at(-1)!);
  expect(started).toMatch(/^Subagent main-\w+ works on it as run_\w+; its answer comes as a message$/);
  expect(waited).toBe(`[Subagent ${runIdOf(started!)} (main) completed]\n\nthe answer`);
  await until(async () => (await t.client.call("system.status", {})).runs_active === 0);
  expect(await saidBy(t)).toEqual(["go"]);
});

test("agent_wait tells the state when the time is over, and the answer comes as a message all the same", async () => {
  await using t = await conversation();
  const held = Promise.withResolvers<void>();
  t.fake.answer((request) => {
    if (questionOf(request) === "slow") return [{ wait: held.promise }, { text: "the answer" }];
    if (questionOf(request).startsWith("[Subagent")) return "heard";
    const had = results(request);
    if (had.length === 0) return calls(background("slow"));
    return had.length > 1 ? "later" : calls({ name: "agent_wait", args: { run_id: runIdOf(had[0]!), timeout_ms: 0 } });
  });
  expect((await send(t, "go")).text).toBe("later");
  const [started, waited] = results(t.fake.requests.findLast((request) => questionOf(request) === "go")!);
  expect(waited).toBe(`${runIdOf(started!)} is running still`);
  held.resolve();
  await until(async () => (await saidBy(t)).length === 2);
  expect(await saidBy(t)).toEqual(["go", "[Subagent run (main) completed]\n\nthe answer"]);
});

test("agent_list shows the subagents of this conversation and of no other, with their state", async () => {
  await using t = await conversation();
  const held = Promise.withResolvers<void>();
  const list = { name: "agent_list", args: {} };
  turns(t, {
    go: [calls(spawn({ task: "quick" }), background("slow")), calls(list), "done"],
    other: [calls(list), "done"],
    quick: ["quick is done"],
    slow: [[{ wait: held.promise }, { text: "slow is done" }]],
    "[Subagent": ["heard"],
  });
  await send(t, "go");
  await send(t, "other", OTHER);
  const [, , listed] = results(t.fake.requests.findLast((request) => questionOf(request) === "go")!);
  expect(
    listed!
      .replaceAll(/run_\w+/g, "run")
      .split("\n")
      .toSorted(),
  ).toEqual(["run main completed: quick", "run main running: slow"]);
  expect(results(t.fake.requests.findLast((request) => questionOf(request) === "other")!)).toEqual(["There are none"]);
  held.resolve();
  await until(async () => (await saidBy(t)).length === 2);
});

test("agent_cancel stops a subagent with all below it, and nobody is told of it", async () => {
  await using t = await conversation();
  const forever = new Promise(() => {});
  const below = Promise.withResolvers<void>();
  t.fake.answer((request) => {
    const question = questionOf(request);
    if (question === "two") {
      below.resolve();
      return [{ wait: forever }];
    }
    if (question === "one") return calls(spawn({ task: "two" }));
    const had = results(request);
    if (had.length === 0) return calls(background("one"));
    if (had.length > 1) return "done";
    const steps = [{ wait: below.promise }];
    return [...steps, ...calls({ name: "agent_cancel", args: { run_id: runIdOf(had[0]!) } })];
  });
  expect((await send(t, "go")).text).toBe("done");
  const [started, cancelled] = results(t.fake.requests.at(-1)!);
  expect(cancelled).toBe(`${runIdOf(started!)} is cancelled`);
  await until(async () => (await t.client.call("system.status", {})).runs_active === 0);
  expect(await statuses(t)).toEqual({ go: "completed", one: "cancelled", two: "cancelled" });
  expect(await saidBy(t)).toEqual(["go"]);
});

test.each(["agent_wait", "agent_cancel"])(
  "%s reaches no run but what its own conversation has started",
  async (name) => {
    await using t = await conversation();
    const held = Promise.withResolvers<void>();
    let target = "run_none";
    turns(t, {
      go: [calls(background("slow")), "started"],
      slow: [[{ wait: held.promise }, { text: "the answer" }]],
      "[Subagent": ["heard"],
    });
    await send(t, "go");
    await until(() => t.fake.requests.some((request) => questionOf(request) === "slow"));
    const [started] = results(t.fake.requests.findLast((request) => questionOf(request) === "go")!);
    const { runs } = await t.client.call("runs.list", {});
    const own = runs.find(({ session_key }) => session_key === MAIN)!.run_id;
    for (const run_id of [runIdOf(started!), own, target]) {
      target = run_id;
      turns(t, { other: [calls({ name, args: { run_id } }), "done"] });
      await send(t, `other ${run_id}`, OTHER);
      expect(results(t.fake.requests.at(-1)!).at(-1)).toBe(
        `Error: No subagent "${run_id}" of this conversation. agent_list shows those that there are`,
      );
    }
    expect((await t.client.call("runs.status", { run_id: runIdOf(started!) })).status).toBe("running");
    turns(t, { "[Subagent": ["heard"] });
    held.resolve();
    await until(async () => (await saidBy(t)).length === 2);
  },
);

test.each(["agent.cancel", "agent.abort"] as const)(
  "%s of a run ends its subagents in the background too, and nobody is told of them",
  async (method) => {
    await using t = await conversation();
    const forever = new Promise(() => {});
    turns(t, {
      go: [calls(background("slow")), [{ wait: forever }]],
      slow: [[{ wait: forever }]],
    });
    const { run_id } = await t.client.call("agent.run", { message: "go", session_key: MAIN });
    await until(() => t.fake.requests.length === 3);
    await t.client.call(method, { run_id });
    await until(async () => (await t.client.call("system.status", {})).runs_active === 0);
    expect(await statuses(t)).toEqual({ go: "cancelled", slow: "cancelled" });
    expect(await saidBy(t)).toEqual(["go"]);
  },
);

test("a conversation that is deleted takes its subagents with it, also of runs that have ended", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client, "agent.*");
  const forever = new Promise(() => {});
  turns(t, { go: [calls(background("slow")), "started"], slow: [[{ wait: forever }]] });
  await send(t, "go", OTHER);
  await until(() => t.fake.requests.some((request) => questionOf(request) === "slow"));
  await t.client.call("session.delete", { session_key: OTHER });
  const ended = await events.until(({ topic }) => topic === "agent.cancelled");
  expect(ended.data).toMatchObject({ session_key: expect.stringMatching(/^subagent:agent:main:chat:other/) });
  await until(async () => (await t.client.call("system.status", {})).runs_active === 0);
});
