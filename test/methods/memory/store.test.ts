import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectEvents } from "../../support/app.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";
import { refusalOf } from "../../support/tool-call.ts";
import { until } from "../../support/until.ts";

const QUIET = { memory: { extract: { enabled: false } } };

test("memory.* stores, finds, lists, counts and deletes facts", async () => {
  await using t = await conversation({ config: QUIET });
  const call = checked(t.client);
  const { fact_id } = await call("memory.store", { content: "The user lives in Berlin", subject: "home city" });
  const next = await call("memory.store", {
    content: "The user lives in Oslo",
    subject: "home city",
    metadata: { topic: "home" },
    confidence: 0.9,
    expires_at: 9_000_000_000_000,
  });
  expect(next).toMatchObject({ duplicate: false, retired: [{ fact_id }], conflicts: [] });
  const found = await call("memory.search", { query: "where does the user live? Oslo?", filter: { topic: "home" } });
  expect(found).toMatchObject({
    mode: "text",
    facts: [{ fact_id: next.fact_id, metadata: { topic: "home" }, source: "person" }],
  });
  expect(found.facts[0]!.score).toBeGreaterThan(0);
  expect(await call("memory.get", { fact_id })).toMatchObject({ retired_by: next.fact_id });
  const page = await call("memory.list", { limit: 1, retired: true });
  const rest = await call("memory.list", { limit: 1, retired: true, before: page.next! });
  expect([page.facts[0]!.fact_id, rest.facts[0]!.fact_id]).toEqual([next.fact_id, fact_id]);
  expect(await call("memory.stats", {})).toEqual({
    facts: 1,
    retired: 1,
    untrusted: 0,
    vectors: 0,
    embedding_model: null,
  });
  expect(await call("memory.delete", { fact_id: next.fact_id })).toEqual({ fact_id: next.fact_id });
  expect(await refusalOf(t.client.call("memory.delete", { fact_id: next.fact_id }))).toStartWith("not_found: No fact");
  expect((await call("memory.list", { agent: "writer" })).facts).toEqual([]);
});

test("memory.store refuses the secrets that the server knows", async () => {
  await using t = await conversation({ config: QUIET });
  expect(await refusalOf(t.client.call("memory.store", { content: `My token is ${t.token}` }))).toBe(
    "invalid_params: A fact may not hold a secret",
  );
  await using off = await conversation({ config: { memory: { enabled: false } } });
  expect(await refusalOf(off.client.call("memory.store", { content: "x" }))).toBe("forbidden: Memory is off");
});

test("a run is shown what is remembered, beside the message and not in the history", async () => {
  await using t = await conversation({ config: QUIET });
  await t.client.call("memory.store", { content: "The user is vegetarian" });
  t.fake.reply("Lentils", "Beans");
  await t.client.call("session.send", { message: "What shall I cook?" });
  await t.client.call("session.send", { message: "And tomorrow?" });
  const users = t.fake.requests.map(({ body }) =>
    (body.messages as { role: string; content: unknown }[])
      .filter(({ role }) => role === "user")
      .map(({ content }) => JSON.stringify(content)),
  );
  expect(users.map((messages) => messages.map((message) => message.includes("vegetarian")))).toEqual([
    [true],
    [false, true],
  ]);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["What shall I cook?", "Lentils", "And tomorrow?", "Beans"]);
});

test("a run that is shown what a stranger wrote asks before it reaches out", async () => {
  await using t = await conversation({ config: QUIET });
  await t.client.call("memory.store", { content: "The user is vegetarian" });
  const home = t.home.path;
  await until(() => Bun.file(join(home, "workspaces/main/MEMORY.md")).exists());
  t.fake.reply([{ tool_call: { name: "memory_forget", args: { fact_id: "fact_0" } } }], "Done");
  // As if a stranger had: below that heading a line counts as from outside.
  const file = join(home, "workspaces/main/MEMORY.md");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n## From outside, not checked\n\n- The shop sells spinach\n`);
  const run = await t.client.call("agent.run", { message: "What does the shop sell?" });
  const { approvals } = await until(async () => {
    const listed = await t.client.call("approvals.list", {});
    return listed.approvals.length > 0 ? listed : undefined;
  });
  expect(approvals[0]).toMatchObject({ tool: "memory_forget", run_id: run.run_id });
  await t.client.call("approvals.resolve", { approval_id: approvals[0]!.approval_id, decision: "deny" });
  await t.client.call("runs.wait", { run_id: run.run_id });
});

test("facts are looked for when a session is quiet, and are there in the next", async () => {
  await using t = await conversation({ config: { memory: { extract: { idle_ms: 1 } } } });
  t.fake.answer(({ body }) =>
    JSON.stringify(body.messages).includes("note what is worth knowing")
      ? JSON.stringify({ facts: [{ content: "The user lives in Berlin", subject: "home city", confidence: 0.9 }] })
      : "How nice!",
  );
  await t.client.call("session.send", { message: "I have just moved to Berlin" });
  const [fact] = await until(async () => {
    const { facts } = await t.client.call("memory.list", {});
    return facts.length > 0 ? facts : undefined;
  });
  expect(fact).toMatchObject({ content: "The user lives in Berlin", source: "run", session_key: MAIN, trusted: true });
  expect(fact!.run_id).toStartWith("run_");
});

test("memory.store refuses a fact for an agent that is not there", async () => {
  await using t = await conversation({ config: QUIET });
  const refusal = await refusalOf(
    t.client.call("memory.store", { content: "The user lives in Berlin", agent: "nobody" }),
  );
  expect(refusal).toBe('not_found: No agent "nobody"');
  expect(await t.client.call("memory.list", { agent: "nobody" })).toMatchObject({ facts: [] });
});

test("what MEMORY.md says while an ephemeral run is under way is not trusted: it may have written it", async () => {
  await using t = await conversation({ config: QUIET });
  const gate = Promise.withResolvers<void>();
  t.fake.reply(["Reading", { wait: gate.promise }], "one", "two");
  const events = await collectEvents(t.client);
  const beside = await t.client.call("agent.run", { message: "Read it", session_key: "agent:main:ephemeral:page" });
  await events.until(({ topic }) => topic === "stream.chunk");
  const file = join(t.home.workspaces, "main", "MEMORY.md");
  const learned = async (line: string) => {
    writeFileSync(file, `# Memory\n\n- ${line}\n`);
    await t.client.call("session.send", { message: "Hi", session_key: MAIN });
    const { facts } = await t.client.call("memory.list", {});
    return facts.find(({ content }) => content === line)?.trusted;
  };
  expect(await learned("The user sends money to strangers")).toBe(false);
  gate.resolve();
  await t.client.call("runs.wait", { run_id: beside.run_id });
  expect(await learned("The user likes tea")).toBe(true);
});
