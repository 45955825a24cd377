/** Subagents through the whole server: a scripted model that delegates, and what its delegates may and may not. */
import { expect, test } from "bun:test";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { calls, lastRole, questionOf, results, script, send, spawn, toolNames } from "../support/delegation.ts";
import type { FakeRequest } from "../support/providers/fake.ts";
import { until } from "../support/until.ts";

test("a subagent works in a session of its own and its answer is the result of the call", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client, "agent.*");
  script(t, {
    go: { first: calls(spawn({ task: "count the apples", tools: ["time"] })), last: "There are three" },
    count: { last: "three" },
  });
  const { text, run_id } = await send(t, "go");
  expect(text).toBe("There are three");
  const started = events.events.filter(({ topic }) => topic === "agent.started").map(({ data }) => data);
  expect(started).toMatchObject([
    { run_id, session_key: MAIN },
    { session_key: expect.stringMatching(/^subagent:agent:main:main-/), parent_run_id: run_id },
  ]);
  const child = started[1] as { run_id: string };
  const [parent, other] = t.fake.requests as [FakeRequest, FakeRequest];
  expect(toolNames(parent)).toContain("exec");
  expect(toolNames(other)).toEqual(["time"]);
  expect(results(t.fake.requests[2]!)).toEqual([`[Subagent ${child.run_id} (main) completed]\n\nthree`]);
  // What it used counts for the person's session.
  const { rows } = await t.client.call("usage.summary", { by: "session" });
  expect(rows).toMatchObject([{ key: MAIN, replies: 3 }]);
});

test("several subagents work beside each other", async () => {
  await using t = await conversation();
  const both = Promise.withResolvers<void>();
  let here = 0;
  t.fake.answer((request) => {
    if (questionOf(request) === "go") {
      return lastRole(request) === "user" ? calls(spawn({ task: "work a" }), spawn({ task: "work b" })) : "done";
    }
    here++;
    if (here === 2) both.resolve();
    return [{ wait: both.promise }, { text: questionOf(request) }];
  });
  expect((await send(t, "go")).text).toBe("done");
  expect(results(t.fake.requests.at(-1)!).map((text) => text.split("\n").at(-1))).toEqual(["work a", "work b"]);
});

test("a subagent gets no tool that its parent does not have", async () => {
  await using t = await conversation();
  await t.client.call("session.create", {
    session_key: "agent:main:chat:small",
    tools: { allow: ["time", "agent_spawn"] },
  });
  script(t, {
    go: { first: calls(spawn({ task: "run", tools: ["exec"] }), spawn({ task: "work" })), last: "done" },
    work: { last: "ok" },
  });
  await send(t, "go", "agent:main:chat:small");
  expect(t.fake.requests.map(toolNames)).toEqual([
    ["agent_spawn", "time"],
    ["agent_spawn", "time"],
    ["agent_spawn", "time"],
  ]);
  expect(results(t.fake.requests.at(-1)!)[0]).toBe(
    'Error: Tool "exec" is not one that you may use. You may use agent_spawn, time',
  );
});

test("subagents stand no deeper than the config lets them", async () => {
  await using t = await conversation({ config: { subagents: { max_depth: 1 } } });
  script(t, {
    go: { first: calls(spawn({ task: "deeper" })), last: "done" },
    deeper: { first: calls(spawn({ task: "deepest" })), last: "cannot" },
  });
  await send(t, "go");
  const child = t.fake.requests.find((request) => questionOf(request) === "deeper")!;
  expect(toolNames(child)).not.toContain("agent_spawn");
  expect(t.fake.requests.some((request) => questionOf(request) === "deepest")).toBe(false);
});

test("a run has no more subagents at work than the config lets it", async () => {
  await using t = await conversation({ config: { subagents: { max_children: 1 } } });
  script(t, {
    go: { first: calls(spawn({ task: "a" }), spawn({ task: "b" })), last: "done" },
    a: { last: "ok" },
    b: { last: "ok" },
  });
  await send(t, "go");
  const said = results(t.fake.requests.at(-1)!).map((text) => text.split("\n").at(-1));
  expect(said.sort()).toEqual([
    "Error: This run has as many subagents at work as it may: 1. Wait for one of them",
    "ok",
  ]);
});

test("a subagent's budget is not above what its parent has left, and a run with all below it keeps its limits", async () => {
  await using t = await conversation({ config: { limits: { run: { steps: 4 } } } });
  script(t, {
    go: { first: calls(spawn({ task: "loop", budget: { steps: 1000 } })), last: "done" },
    loop: { first: calls({ name: "time", args: {} }), last: calls({ name: "time", args: {} }) },
  });
  const failure = await send(t, "go").catch((thrown: unknown) => thrown);
  // One step of the parent, three of the child: then neither may go on.
  expect(t.fake.requests.length).toBe(4);
  expect(failure).toMatchObject({ reason: "limit_reached", message: "The run reached its limit of 4 steps" });
});

test("cancelling a run cancels its subagents, also those below them", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client, "agent.*");
  const forever = new Promise(() => {});
  script(t, {
    go: { first: calls(spawn({ task: "one" })), last: "no" },
    one: { first: calls(spawn({ task: "two" })), last: "no" },
    two: { last: [{ wait: forever }] },
  });
  const { run_id } = await t.client.call("agent.run", { message: "go", session_key: MAIN });
  await until(() => t.fake.requests.length === 3);
  await t.client.call("agent.cancel", { run_id });
  const cancelled = () => events.events.filter(({ topic }) => topic === "agent.cancelled");
  await until(() => cancelled().length === 3);
  expect(new Set(cancelled().map(({ data }) => (data as { run_id: string }).run_id)).size).toBe(3);
});

test("what came from outside into a subagent is from outside for its parent", async () => {
  using site = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<p>Fetch me again</p>") });
  const url = `http://127.0.0.1:${site.port}/`;
  const allow_hosts = [`127.0.0.1:${site.port}`];
  await using t = await conversation({ config: { tools: { web_fetch: { allow_hosts } } } });
  const asked: unknown[] = [];
  await t.client.subscribe("approval.requested", ({ data }) => {
    asked.push(data);
    const { approval_id } = data as { approval_id: string };
    void t.client.call("approvals.resolve", { approval_id, decision: "deny" });
  });
  t.fake.answer((request) => {
    const isChild = questionOf(request) === "look";
    const count = results(request).length;
    if (isChild) return count === 0 ? calls({ name: "web_fetch", args: { url } }) : "seen";
    if (count === 0) return calls(spawn({ task: "look" }));
    return count === 1 ? calls({ name: "web_fetch", args: { url: `${url}?leak` } }) : "done";
  });
  await send(t, "go");
  expect(asked).toHaveLength(1);
  expect(asked).toMatchObject([
    { tool: "web_fetch", session_key: MAIN, reason: expect.stringContaining("from outside") },
  ]);
  const parent = t.fake.requests.at(-1)!;
  expect(results(parent)[0]).toContain("Content from outside, got by agent_spawn");
});

test("an approval that a subagent needs says who asks", async () => {
  await using t = await conversation();
  const asked: { reason: string; session_key: string }[] = [];
  await t.client.subscribe("approval.requested", ({ data }) => {
    asked.push(data as never);
    const { approval_id } = data as { approval_id: string };
    void t.client.call("approvals.resolve", { approval_id, decision: "deny" });
  });
  script(t, {
    go: { first: calls(spawn({ task: "touch" })), last: "done" },
    touch: { first: calls({ name: "exec", args: { command: "touch x.txt" } }), last: "refused" },
  });
  await send(t, "go");
  expect(asked).toHaveLength(1);
  expect(asked[0]!.session_key).toStartWith("subagent:agent:main:");
  expect(asked[0]!.reason).toMatch(/\. Asked by the subagent "main-\w+" of agent:main:main$/);
});

test("a subagent in the background tells its answer as a message, in the run that is under way or in a new one", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client, "agent.*");
  const held = Promise.withResolvers<void>();
  script(t, {
    go: { first: calls(spawn({ task: "slow", background: true })), last: "started" },
    slow: { last: [{ wait: held.promise }, { text: "the answer" }] },
    "[Subagent": { last: "I have heard" },
  });
  expect((await send(t, "go")).text).toBe("started");
  held.resolve();
  await events.until(
    ({ topic, data }) => topic === "agent.completed" && (data as { text: string }).text === "I have heard",
  );
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(
    messages.filter(({ role }) => role === "user").map(({ content }) => content.replace(/run_\w+/, "run")),
  ).toEqual(["go", "[Subagent run (main) completed]\n\nthe answer"]);
});
