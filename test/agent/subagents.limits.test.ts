/** How many subagents there may be, how deep they stand, and what they may use: through the whole server. */
import { expect, test } from "bun:test";
import { conversation } from "../support/conversation.ts";
import { calls, questionOf, results, send, spawn, toolNames, turns } from "../support/delegation.ts";
import type { FakeRequest } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";

const OTHER = "agent:main:chat:other";
const SLOW = { task: "slow", background: true };

/** The last results that a conversation with this question was given. */
const resultsOf = (requests: readonly FakeRequest[], question: string) =>
  results(requests.findLast((request) => questionOf(request).startsWith(question))!);

test("subagents of all runs together are no more than the config lets, and one that ends makes room", async () => {
  await using t = await conversation({ config: { subagents: { max_running: 1 } } });
  const held = Promise.withResolvers<void>();
  turns(t, {
    first: [calls(spawn(SLOW)), "started"],
    second: [calls(spawn({ task: "quick" })), "refused", "no"],
    third: [calls(spawn({ task: "quick" })), "done"],
    slow: [[{ wait: held.promise }, { text: "slow is done" }]],
    quick: ["quick is done"],
    "[Subagent": ["heard"],
  });
  await send(t, "first");
  await until(() => t.fake.requests.some((request) => questionOf(request) === "slow"));
  await send(t, "second", OTHER);
  expect(resultsOf(t.fake.requests, "second")).toEqual([
    "Error: As many subagents are at work as may be: 1. Wait for one of them",
  ]);
  held.resolve();
  await until(() => t.fake.requests.some((request) => questionOf(request).startsWith("[Subagent")));
  await send(t, "third", "agent:main:chat:third");
  expect(resultsOf(t.fake.requests, "third")).toEqual([expect.stringMatching(/\n\nquick is done$/)]);
});

test("a subagent that has ended leaves its place to the next of the run", async () => {
  await using t = await conversation({ config: { subagents: { max_children: 1, max_running: 1 } } });
  turns(t, {
    go: [calls(spawn({ task: "one" })), calls(spawn({ task: "two" })), calls(spawn({ task: "three" })), "done"],
    one: ["1"],
    two: [{ status: 400, message: "refused by the vendor" }],
    three: ["3"],
  });
  await send(t, "go");
  const [one, two, three] = resultsOf(t.fake.requests, "go");
  expect([one, three]).toEqual([
    expect.stringMatching(/completed\]\n\n1$/),
    expect.stringMatching(/completed\]\n\n3$/),
  ]);
  expect(two).toMatch(/^Error: \[Subagent run_\w+ \(main\) failed: /);
});

test("a depth of 0 is no subagents at all, and the model is told why", async () => {
  await using t = await conversation({ config: { subagents: { max_depth: 0 } } });
  turns(t, { go: [calls(spawn({ task: "work" })), "done"] });
  await send(t, "go");
  expect(resultsOf(t.fake.requests, "go")).toEqual([
    "Error: Subagents may stand 0 deep at most, and this would be 1. Do it yourself",
  ]);
});

test("a subagent at the deepest place cannot start one, even if it calls the tool that it was not given", async () => {
  await using t = await conversation({ config: { subagents: { max_depth: 2 } } });
  turns(t, {
    go: [calls(spawn({ task: "one" })), "done"],
    one: [calls(spawn({ task: "two" })), "done"],
    two: [calls(spawn({ task: "three" })), "done"],
  });
  await send(t, "go");
  expect(t.fake.requests.map(questionOf)).toEqual(["go", "one", "two", "two", "one", "go"]);
  expect(t.fake.requests.map((request) => toolNames(request).includes("agent_spawn"))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
  ]);
  expect(resultsOf(t.fake.requests, "two")).toEqual(['Error: Tool "agent_spawn" is not allowed here']);
});

test("only a run starts subagents: a call by hand is refused", async () => {
  await using t = await conversation();
  const call = t.client.call("tool.call", { tool: "agent_spawn", args: { task: "work" } });
  expect(await refusalOf(call)).toBe("approval_denied: Only a run can start a subagent");
  expect(t.fake.requests).toEqual([]);
});

test("a subagent's own budget ends it, and its parent goes on and hears why", async () => {
  await using t = await conversation();
  turns(t, {
    go: [calls(spawn({ task: "loop", budget: { steps: 2 } }), spawn({ task: "talk", budget: { tokens: 10 } })), "done"],
    loop: [calls({ name: "time", args: {} })],
    talk: [calls({ name: "time", args: {} })],
  });
  expect((await send(t, "go")).text).toBe("done");
  expect(t.fake.requests.map(questionOf).filter((question) => question === "loop")).toHaveLength(2);
  expect(t.fake.requests.map(questionOf).filter((question) => question === "talk")).toHaveLength(1);
  const [loop, talk] = resultsOf(t.fake.requests, "go");
  expect(loop).toMatch(/^Error: \[Subagent run_\w+ \(main\) failed: The run reached its limit of 2 steps\]/);
  expect(talk).toMatch(/^Error: \[Subagent run_\w+ \(main\) failed: The run reached its limit of 10 tokens\]/);
});

test("subagents of subagents share what the first of them was given", async () => {
  await using t = await conversation();
  turns(t, {
    go: [calls(spawn({ task: "one", budget: { steps: 3 } })), "done"],
    one: [calls(spawn({ task: "two", budget: { steps: 40 } })), "one is done"],
    two: [calls({ name: "time", args: {} })],
  });
  expect((await send(t, "go")).text).toBe("done");
  // One step of the first, and the two that it had left.
  expect(t.fake.requests.map(questionOf)).toEqual(["go", "one", "two", "two", "go"]);
});

test("a run whose budget is spent with those above it starts no subagent", async () => {
  await using t = await conversation({ config: { limits: { run: { steps: 2 } } } });
  turns(t, {
    go: [calls(spawn({ task: "one" })), "done"],
    one: [calls(spawn({ task: "two" })), "one is done"],
  });
  await send(t, "go").catch(() => "it has reached its limit as well");
  expect(t.fake.requests.map(questionOf)).toEqual(["go", "one"]);
  const { runs } = await t.client.call("runs.list", {});
  const child = runs.find(({ session_key }) => session_key.startsWith("subagent:"))!;
  const { messages } = await t.client.call("session.history", { session_key: child.session_key });
  expect(messages.find(({ role }) => role === "tool")?.parts).toMatchObject([
    { tool: "agent_spawn", status: "error", text: "Nothing is left of the budget of this run" },
  ]);
});

test("money that a subagent costs counts for the run that started it", async () => {
  await using fake = startOpenAiFake();
  // Ten dollars for each reply.
  const models = [{ id: "m", price: { input: 1_000_000, output: 0 } }];
  const providers = { fake: { type: "openai-compatible", base_url: fake.url, api_key: "k", models } };
  await using t = await conversation({ fake, config: { limits: { run: { cost_usd: 25 } }, providers } });
  turns(t, {
    go: [calls(spawn({ task: "loop", budget: { cost_usd: 1_000 } })), "done"],
    loop: [calls({ name: "time", args: {} })],
  });
  expect(await refusalOf(send(t, "go"))).toBe("limit_reached: The run reached its limit of 25 US dollars");
  expect(t.fake.requests.map(questionOf)).toEqual(["go", "loop", "loop"]);
});
