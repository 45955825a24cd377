import { expect, test } from "bun:test";
import { join } from "node:path";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

test("the loop calls tools, gives their results to the model and goes on until it has nothing to call", async () => {
  await using t = await conversation();
  t.fake.reply(
    ["I write.", { tool_call: { id: "c1", name: "write", args: { path: "a.txt", content: "hello" } } }],
    [{ tool_call: { id: "c2", name: "read", args: { path: "a.txt" } } }],
    "It says hello.",
  );
  const events = await collectEvents(t.client);
  const { text, usage, run_id } = await t.client.call("session.send", { message: "go" });
  expect(text).toBe("It says hello.");
  expect(usage).toMatchObject({ input: 30, output: 15 });
  expect(await Bun.file(join(t.home.workspaces, "main", "a.txt")).text()).toBe("hello");
  const toolMessages = t.fake.requests[2]!.body.messages.filter(({ role }: { role: string }) => role === "tool");
  expect(toolMessages.map(({ tool_call_id }: { tool_call_id: string }) => tool_call_id)).toEqual(["c1", "c2"]);
  expect(toolMessages[1].content).toContain("hello");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ role, parts }) => [role, ...parts.map(({ type }) => type)])).toEqual([
    ["user", "text"],
    ["assistant", "text", "tool_call"],
    ["tool", "tool_result"],
    ["assistant", "tool_call"],
    ["tool", "tool_result"],
    ["assistant", "text"],
  ]);
  const tools = events.events
    .filter(({ topic }) => topic.startsWith("stream.tool_"))
    .map(({ topic, data }) => [topic, (data as { call_id: string }).call_id]);
  expect(tools).toEqual([
    ["stream.tool_start", "c1"],
    ["stream.tool_end", "c1"],
    ["stream.tool_start", "c2"],
    ["stream.tool_end", "c2"],
  ]);
  expect(await t.client.call("runs.get", { run_id })).toMatchObject({ steps: 3, status: "completed", model: "fake/m" });
});

test("calls of reading tools run beside each other, those of writing tools one after the other", async () => {
  await using t = await conversation();
  t.fake.reply(
    [
      { tool_call: { id: "r1", name: "time", args: {} } },
      { tool_call: { id: "r2", name: "list", args: {} } },
      { tool_call: { id: "w1", name: "write", args: { path: "a", content: "1" } } },
      { tool_call: { id: "w2", name: "write", args: { path: "a", content: "2" } } },
    ],
    "done",
  );
  const events = await collectEvents(t.client);
  await t.client.call("session.send", { message: "go" });
  const order = events.events
    .filter(({ topic }) => topic.startsWith("stream.tool_"))
    .map(({ topic, data }) => `${topic.slice(12)} ${(data as { call_id: string }).call_id}`);
  expect(order.slice(0, 2)).toEqual(["start r1", "start r2"]);
  expect(order.slice(4)).toEqual(["start w1", "end w1", "start w2", "end w2"]);
  expect(await Bun.file(join(t.home.workspaces, "main", "a")).text()).toBe("2");
});

test.each([
  ["an unknown tool", { name: "fly", args: {} }, 'There is no tool "fly"'],
  ["arguments that are not JSON", { name: "read", args: "{not json" }, "must be a JSON object"],
  ["arguments that do not fit", { name: "read", args: { path: 7 } }, "path"],
  ["a path outside of the workspace", { name: "read", args: { path: "../../credentials/token" } }, "workspace"],
])("%s is told to the model, which goes on", async (_, tool_call, told) => {
  await using t = await conversation();
  t.fake.reply([{ tool_call }], "I see.");
  const { text } = await t.client.call("session.send", { message: "go" });
  expect(text).toBe("I see.");
  const result = t.fake.requests[1]!.body.messages.at(-1);
  expect(result.role).toBe("tool");
  expect(result.content).toContain(told);
});

test("a session's tools decide what the model is offered and may call", async () => {
  await using t = await conversation();
  await t.client.call("session.create", { session_key: MAIN, tools: { allow: ["time"] } });
  t.fake.reply([{ tool_call: { name: "write", args: { path: "a", content: "1" } } }], "ok");
  await t.client.call("session.send", { message: "go" });
  expect(t.fake.requests[0]!.body.tools.map(({ function: { name } }: { function: { name: string } }) => name)).toEqual([
    "time",
  ]);
  expect(t.fake.requests[1]!.body.messages.at(-1).content).toContain('Tool "write" is not allowed here');
  expect(await Bun.file(join(t.home.workspaces, "main", "a")).exists()).toBe(false);
});

test("a command that needs approval waits for it and runs exactly what was shown", async () => {
  await using t = await conversation();
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "echo yes > out.txt" } } }], "done");
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "go" });
  const { data } = await events.until(({ topic }) => topic === "approval.requested");
  const { approval_id } = data as { approval_id: string };
  const shown = await t.client.call("approvals.get", { approval_id });
  expect(shown).toMatchObject({ tool: "exec", status: "pending", run_id, plan: { command: "echo yes > out.txt" } });
  const out = join(t.home.workspaces, "main", "out.txt");
  expect(await Bun.file(out).exists()).toBe(false);
  expect(await t.client.call("approvals.resolve", { approval_id, decision: "once" })).toMatchObject({
    status: "approved",
  });
  await t.client.call("runs.wait", { run_id });
  expect(await Bun.file(out).text()).toBe("yes\n");
});

test("a provider that uses the id of a call again gets each result with its own call", async () => {
  await using t = await conversation();
  const call = (content: string) => [
    { tool_call: { id: "call_1", name: "write", args: { path: `${content}.txt`, content } } },
  ];
  t.fake.reply(call("one"), call("two"), "done", "again");
  await t.client.call("session.send", { message: "go" });
  await t.client.call("session.send", { message: "and?" });
  const { messages } = t.fake.requests.at(-1)!.body;
  const results = messages
    .filter(({ role }: { role: string }) => role === "tool")
    .map(({ content }: { content: string }) => content);
  expect(results).toEqual([expect.stringContaining("one.txt"), expect.stringContaining("two.txt")]);
});

test("a refused command does not run and the model is told", async () => {
  await using t = await conversation();
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "echo yes > out.txt" } } }], "a pity");
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "go" });
  const { data } = await events.until(({ topic }) => topic === "approval.requested");
  await t.client.call("approvals.resolve", {
    approval_id: (data as { approval_id: string }).approval_id,
    decision: "deny",
  });
  expect((await t.client.call("runs.wait", { run_id })).text).toBe("a pity");
  expect(await Bun.file(join(t.home.workspaces, "main", "out.txt")).exists()).toBe(false);
  expect(events.events.find(({ topic }) => topic === "stream.tool_end")?.data).toMatchObject({
    ok: false,
    status: "denied",
  });
});

test("agent.cancel lets a tool that runs finish, agent.abort does not", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client);
  for (const [how, expected] of [
    ["agent.cancel", "ok"],
    ["agent.abort", "cancelled"],
  ] as const) {
    const session_key = `agent:main:chat:${how.slice(6)}`;
    const command =
      how === "agent.cancel" ? "for i in 1 2 3; do echo $i; sleep 0.1; done" : "for i in 1; do echo $i; sleep 60; done";
    t.fake.reply([{ tool_call: { id: how, name: "exec", args: { command } } }]);
    const { run_id } = await t.client.call("agent.run", { message: "go", session_key });
    const asked = await events.until(
      ({ topic, data }) => topic === "approval.requested" && (data as { run_id: string }).run_id === run_id,
    );
    await t.client.call("approvals.resolve", {
      approval_id: (asked.data as { approval_id: string }).approval_id,
      decision: "once",
    });
    await events.until(
      ({ topic, data }) => topic === "stream.tool_output" && (data as { call_id: string }).call_id === how,
    );
    expect((await t.client.call(how, { run_id })).status).toBe("cancelled");
    const end = await events.until(
      ({ topic, data }) => topic === "stream.tool_end" && (data as { call_id: string }).call_id === how,
    );
    expect(end.data).toMatchObject({ status: expected });
  }
  expect(t.fake.requests).toHaveLength(2);
});

test("agent.cancel ends a call that waits for approval at once, and it does not run", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client);
  t.fake.reply([{ tool_call: { id: "c1", name: "exec", args: { command: "touch there" } } }]);
  const { run_id } = await t.client.call("agent.run", { message: "go" });
  const { data } = await events.until(({ topic }) => topic === "approval.requested");
  const { approval_id } = data as { approval_id: string };
  expect(await t.client.call("agent.cancel", { run_id })).toEqual({ run_id, status: "cancelled" });
  expect((await t.client.call("approvals.get", { approval_id })).status).toBe("cancelled");
  const end = events.events.find(({ topic }) => topic === "stream.tool_end");
  expect(end?.data).toMatchObject({
    status: "cancelled",
    error: "Cancelled while it waited for approval; it did not run",
  });
  // Sooner than a tool that runs would be aborted.
}, 8_000);

test("calls of one reply that have the same id get one each", async () => {
  await using t = await conversation();
  const call = (name: string) => ({ tool_call: { id: "c", name, args: {} } });
  t.fake.reply([call("time"), call("nothing"), call("time")], "done");
  const { run_id } = await t.client.call("session.send", { message: "go" });
  const [, , asked, ...results] = t.fake.requests[1]!.body.messages;
  expect(asked.tool_calls.map(({ id }: { id: string }) => id)).toEqual(["c", "c_2", "c_3"]);
  expect(results.map(({ tool_call_id }: { tool_call_id: string }) => tool_call_id)).toEqual(["c", "c_2", "c_3"]);
  expect(results[1].content).toBe('Error: There is no tool "nothing"');
  expect((await t.client.call("runs.get", { run_id })).status).toBe("completed");
});

test("a run ends at its limit of steps with a reason and a way on", async () => {
  await using t = await conversation({ config: { limits: { run: { steps: 3 } } } });
  t.fake.answer(() => [{ tool_call: { name: "time", args: {} } }]);
  const error = await t.client.call("session.send", { message: "go" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    reason: "limit_reached",
    message: "The run reached its limit of 3 steps",
    data: { hint: expect.any(String) },
  });
  expect(t.fake.requests).toHaveLength(3);
});

test.each([
  ["tokens", { tokens: 20 }, "20 tokens"],
  ["money", { cost_usd: 0.001 }, "0.001 US dollars"],
])("a run ends at its limit of %s", async (_, run, limit) => {
  await using fake = startOpenAiFake();
  await using t = await conversation({
    fake,
    config: {
      limits: { run },
      providers: {
        fake: {
          type: "openai-compatible",
          base_url: fake.url,
          models: [{ id: "m", price: { input: 100, output: 100 } }],
        },
      },
    },
  });
  t.fake.answer(() => [{ tool_call: { name: "time", args: {} } }]);
  const error = await t.client.call("session.send", { message: "go" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "limit_reached", message: `The run reached its limit of ${limit}` });
});

test("a run that takes longer than its time limit is ended while the model is silent", async () => {
  await using t = await conversation({ config: { limits: { run: { time_ms: 100 } } } });
  t.fake.reply({ steps: ["begin"], end: "silence" });
  const error = await t.client.call("session.send", { message: "go" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "limit_reached", message: "The run reached its time limit" });
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
});

test("a provider that dies in mid-stream is continued by the next one without repeating what was sent", async () => {
  await using first = startOpenAiFake();
  await using second = startOpenAiFake();
  await using t = await conversation({
    fake: first,
    config: {
      providers: {
        fake: { type: "openai-compatible", base_url: first.url, models: ["m"] },
        other: { type: "openai-compatible", base_url: second.url, models: ["n"] },
      },
      models: { fallbacks: ["other/n"] },
    },
  });
  first.answer(() => ({ steps: ["The quick brown "], end: "cut" }));
  second.reply("The quick brown fox jumps.");
  const events = await collectEvents(t.client);
  const { text, run_id } = await t.client.call("session.send", { message: "go" });
  expect(text).toBe("The quick brown fox jumps.");
  const shown = events.events
    .filter(({ topic }) => topic === "stream.chunk")
    .map(({ data }) => (data as { content: string }).content)
    .join("");
  expect(shown).toBe(text);
  const traces = events.events
    .filter(({ topic }) => topic === "stream.agent_trace")
    .map(({ data }) => (data as { kind: string }).kind);
  expect(traces).toContain("failover");
  expect((await t.client.call("runs.get", { run_id })).model).toBe("other/n");
});

test("a failed run says what failed, keeps the question, and the session goes on", async () => {
  await using t = await conversation();
  t.fake.reply({ status: 401, message: "bad key" }, "better");
  const error = await t.client.call("session.send", { message: "go" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "provider_error", data: { provider: "fake", status: 401 } });
  expect((await t.client.call("session.send", { message: "again" })).text).toBe("better");
  const { runs } = await t.client.call("runs.list", {});
  expect(runs.map(({ status }) => status)).toEqual(["completed", "failed"]);
});

test("thinking is streamed, kept beside the answer and not part of its text", async () => {
  await using t = await conversation();
  t.fake.reply([{ thinking: "Let me see" }, "Answer"]);
  const events = await collectEvents(t.client);
  const { text } = await t.client.call("session.send", { message: "go", thinking: "high" });
  expect(text).toBe("Answer");
  expect(
    events.events
      .filter(({ topic }) => topic === "stream.thinking")
      .map(({ data }) => (data as { content: string }).content)
      .join(""),
  ).toBe("Let me see");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages[1]).toMatchObject({
    content: "Answer",
    parts: [
      { type: "thinking", text: "Let me see", duration_ms: expect.any(Number) },
      { type: "text", text: "Answer" },
    ],
  });
});

test("attachments reach the model: images as images, text as text", async () => {
  await using t = await conversation();
  t.fake.reply("a dot");
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await t.client.call("session.send", {
    message: "what is this?",
    attachments: [
      { mime: "image/png", name: "dot.png", data: png },
      { mime: "text/plain", name: "note.txt", data: btoa("remember the milk") },
    ],
  });
  const content = JSON.stringify(t.fake.requests[0]!.body.messages.at(-1).content);
  expect(content).toContain(png);
  expect(content).toContain("remember the milk");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages[0]).toMatchObject({
    content: "what is this?",
    parts: [{ type: "media", mime: "image/png", name: "dot.png" }, { type: "media" }, { type: "text" }],
  });
});

test("session.clear makes the model forget while the history stays readable", async () => {
  await using t = await conversation();
  t.fake.reply("one", "two");
  await t.client.call("session.send", { message: "first" });
  await t.client.call("session.clear", { session_key: MAIN });
  await t.client.call("session.send", { message: "second" });
  const roles = t.fake.requests[1]!.body.messages.map(({ role }: { role: string }) => role);
  expect(roles.filter((role: string) => role === "user")).toHaveLength(1);
  expect((await t.client.call("session.history", { session_key: MAIN })).messages).toHaveLength(4);
});

test("the system prompt is the same from turn to turn, with the config's files after the base", async () => {
  await using t = await conversation({ config: { agents: { main: { prompt_files: ["RULES.md"] } } } });
  await Bun.write(join(t.home.workspaces, "main", "RULES.md"), "Always rhyme.");
  t.fake.reply("one", "two");
  await t.client.call("session.send", { message: "first" });
  await t.client.call("session.send", { message: "second" });
  const [first, second] = t.fake.requests.map(({ body }) => JSON.stringify(body.messages[0]));
  expect(first).toBe(second!);
  expect(first).toContain("Always rhyme.");
});

test("a reply shows no secret, wherever its pieces are cut, and neither does the conversation", async () => {
  await using t = await conversation();
  const events = await collectEvents(t.client);
  const token = t.token;
  t.fake.reply([
    "It is ",
    token.slice(0, 4),
    token.slice(4, 20),
    `${token.slice(20)}, or `,
    "sk-abcdef",
    "ghijklmnopqrst",
    { tool_call: { name: "time", args: {} } },
  ]);
  t.fake.reply(["or s", "k", "ip it"]);
  const { text } = await t.client.call("session.send", { message: "Go", session_key: MAIN });
  expect(text).toBe("or skip it");
  const shown = events.events
    .filter(({ topic }) => topic === "stream.chunk")
    .map(({ data }) => (data as { content: string }).content);
  expect(shown.join("|")).toBe("It is |[masked], or |[masked]|or |skip it");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.filter(({ role }) => role === "assistant").map(({ content }) => content)).toEqual([
    "It is [masked], or [masked]",
    "or skip it",
  ]);
  expect(JSON.stringify(t.fake.requests.at(-1)!.body)).not.toContain(token.slice(4));
});

test("a reply that is cut off shows what was held back of it", async () => {
  await using t = await conversation();
  t.fake.reply({ steps: ["Ask about s"], end: "cut" }, { steps: [], end: "cut" }, { steps: [], end: "cut" });
  await t.client.call("session.send", { message: "Go", session_key: MAIN }).catch(() => "it failed");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.filter(({ role }) => role === "assistant").map(({ content }) => content)).toEqual(["Ask about s"]);
});
