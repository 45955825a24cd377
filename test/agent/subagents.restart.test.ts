/** What a restart does to subagents: those in the background go on and are told once, those that somebody waited for end. */
import { expect, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { collectEvents } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import type { FakeRequest } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

const questionOf = ({ body }: FakeRequest): string =>
  body.messages.findLast((m: { role: string }) => m.role === "user").content;

const userTexts = async (t: Awaited<ReturnType<typeof conversation>>) =>
  (await t.client.call("session.history", { session_key: MAIN })).messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => content.replace(/run_\w+/, "run"));

test.each([
  ["in the background", true],
  ["in the foreground", false],
])(
  "a subagent %s that a stop found between two steps goes on after it and is told as a message",
  async (_name, background) => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    const held = Promise.withResolvers<void>();
    let stopping = false;
    fake.answer((request) => {
      const question = questionOf(request);
      const isFirst = request.body.messages.at(-1).role === "user";
      if (question === "go") {
        return isFirst ? [{ tool_call: { name: "agent_spawn", args: { task: "work", background } } }] : "started";
      }
      if (question === "work") {
        if (isFirst) return [{ wait: held.promise }, { tool_call: { name: "time", args: {} } }];
        return stopping ? [{ text: "the answer" }] : "too early";
      }
      return "heard";
    });
    {
      await using t = await conversation({ home: folder.path, fake });
      const events = await collectEvents(t.client, "system.*");
      await t.client.call("agent.run", { message: "go", session_key: MAIN });
      await until(() => fake.requests.some((request) => questionOf(request) === "work"));
      const stopped = t.app[Symbol.asyncDispose]();
      await events.until(({ topic }) => topic === "system.shutdown");
      stopping = true;
      held.resolve();
      await stopped;
    }
    await using t = await conversation({ home: folder.path, fake });
    await until(async () => (await userTexts(t)).length === 2);
    expect(await userTexts(t)).toEqual(["go", "[Subagent run (main) completed]\n\nthe answer"]);
  },
);

test("a result that nobody could be told is told once, at the next start", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  fake.answer((request) => {
    const isFirst = request.body.messages.at(-1).role === "user";
    if (questionOf(request) === "go") {
      return isFirst ? [{ tool_call: { name: "agent_spawn", args: { task: "work", background: true } } }] : "started";
    }
    return questionOf(request) === "work" ? "the answer" : "heard";
  });
  {
    await using t = await conversation({ home: folder.path, fake });
    const events = await collectEvents(t.client, "agent.*");
    await t.client.call("session.send", { message: "go", session_key: MAIN });
    await events.until(
      ({ topic, data }) => topic === "agent.completed" && (data as { text: string }).text !== "started",
    );
    await until(async () => (await userTexts(t)).length === 2);
  }
  await using t = await conversation({ home: folder.path, fake });
  await until(async () => (await t.client.call("system.status", {})).runs_active === 0);
  expect(await userTexts(t)).toHaveLength(2);
});

test("a subagent that somebody waited for ends with a crash, as the call does", async () => {
  await using folder = await testFolder();
  await using crashed = await testFolder();
  await using fake = startOpenAiFake();
  const held = Promise.withResolvers<void>();
  fake.answer((request) =>
    questionOf(request) === "go"
      ? [{ tool_call: { name: "agent_spawn", args: { task: "work" } } }]
      : [{ wait: held.promise }],
  );
  await using t = await conversation({ home: folder.path, fake });
  await t.client.call("agent.run", { message: "go", session_key: MAIN });
  await until(() => fake.requests.length === 2);
  for (const file of ["aleph.db", "aleph.db-wal"]) await cp(join(folder.path, file), join(crashed.path, file));
  await using after = await conversation({ home: crashed.path, fake });
  await until(async () => (await after.client.call("system.status", {})).runs_active === 0);
  const { runs } = await after.client.call("runs.list", {});
  expect(runs.map(({ session_key, status }) => [session_key.split(":")[0], status])).toEqual([
    ["subagent", "interrupted"],
    ["agent", "interrupted"],
  ]);
  expect(fake.requests).toHaveLength(2);
  held.resolve();
});
