import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { collectEvents } from "../support/app.ts";
import { type Conversation, conversation, MAIN } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

/** The home as a killed process would leave it: the files as they are now, without the last words of a clean stop. */
async function crashed(t: Conversation, to: string): Promise<string> {
  const home = join(to, "home");
  await cp(t.home.path, home, { recursive: true });
  await rm(join(home, "run"), { recursive: true });
  return home;
}

test("a run that was cut off in mid-answer is interrupted, its text is kept and the session goes on", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  let runId: string;
  {
    await using t = await conversation({ fake });
    fake.reply({ steps: ["Once upon a time"], end: "silence" });
    const events = await collectEvents(t.client);
    ({ run_id: runId } = await t.client.call("agent.run", { message: "Tell me" }));
    await events.until(({ topic }) => topic === "stream.chunk");
    home = await crashed(t, folder.path);
    await t.client.call("agent.abort", { run_id: runId });
  }
  await using t = await conversation({ fake, home });
  expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({ status: "interrupted" });
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ role, status }) => [role, status])).toEqual([
    ["user", "complete"],
    ["assistant", "interrupted"],
  ]);
  fake.reply("there was more");
  expect((await t.client.call("session.send", { message: "Go on" })).text).toBe("there was more");
  expect(JSON.stringify(fake.requests.at(-1)!.body.messages)).toContain("interrupted here");
});

test("a run that waits for its first word is taken up again and answers once", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  let runId: string;
  {
    await using t = await conversation({ fake });
    fake.reply({ steps: [], end: "silence" });
    ({ run_id: runId } = await t.client.call("agent.run", { message: "Tell me" }));
    await fake.received(1);
    home = await crashed(t, folder.path);
    await t.client.call("agent.abort", { run_id: runId });
  }
  fake.reply("here it is");
  await using t = await conversation({ fake, home });
  expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({
    status: "completed",
    text: "here it is",
  });
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["Tell me", "here it is"]);
});

test("a tool call whose end is unknown is not repeated and the model is told", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  let runId: string;
  {
    await using t = await conversation({ fake });
    fake.reply(
      [{ tool_call: { id: "c1", name: "exec", args: { command: "echo x >> log.txt; sleep 1000" } } }],
      "never",
    );
    const events = await collectEvents(t.client);
    ({ run_id: runId } = await t.client.call("agent.run", { message: "Do it" }));
    const { data } = await events.until(({ topic }) => topic === "approval.requested");
    const { approval_id } = data as { approval_id: string };
    await t.client.call("approvals.resolve", { approval_id, decision: "once" });
    await until(() => existsSync(join(t.home.path, "workspaces/main/log.txt")));
    home = await crashed(t, folder.path);
    await t.client.call("agent.abort", { run_id: runId });
  }
  await using t = await conversation({ fake, home });
  expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({ status: "interrupted" });
  expect((await t.client.call("approvals.list", {})).approvals.map(({ status }) => status)).toEqual(["approved"]);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.at(-1)).toMatchObject({
    role: "tool",
    parts: [{ type: "tool_result", call_id: "c1", status: "unknown" }],
  });
  fake.answer(() => "I look first");
  await t.client.call("session.send", { message: "And?" });
  const sent = fake.requests.at(-1)!.body.messages;
  expect(sent.find(({ role }: { role: string }) => role === "tool").content).toContain(
    "may or may not have had its effect",
  );
});

test("a run between two steps goes on by itself with the results that it has", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  let runId: string;
  {
    await using t = await conversation({ fake });
    fake.reply([{ tool_call: { id: "c1", name: "write", args: { path: "n.txt", content: "1" } } }], {
      steps: [],
      end: "silence",
    });
    ({ run_id: runId } = await t.client.call("agent.run", { message: "Write" }));
    await fake.received(2);
    home = await crashed(t, folder.path);
    await t.client.call("agent.abort", { run_id: runId });
  }
  fake.reply("written");
  await using t = await conversation({ fake, home });
  expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({
    status: "completed",
    text: "written",
    steps: 2,
  });
  expect(fake.requests.at(-1)!.body.messages.map(({ role }: { role: string }) => role)).toEqual([
    "system",
    "user",
    "assistant",
    "tool",
  ]);
});

test("runs that waited start again in order, each message once", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  const runIds: string[] = [];
  {
    await using t = await conversation({ fake });
    fake.reply({ steps: [], end: "silence" });
    for (const message of ["one", "two", "three"]) runIds.push((await t.client.call("agent.run", { message })).run_id);
    await fake.received(1);
    home = await crashed(t, folder.path);
    await t.client.call("session.delete", { session_key: MAIN });
  }
  fake.answer(({ body }) => `answer to ${JSON.stringify(body.messages.at(-1).content).match(/one|two|three/)}`);
  await using t = await conversation({ fake, home });
  for (const run_id of runIds) expect((await t.client.call("runs.wait", { run_id })).status).toBe("completed");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual([
    "one",
    "answer to one",
    "two",
    "answer to two",
    "three",
    "answer to three",
  ]);
});

test("with runs.on_restart = interrupt nothing starts by itself", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  const runIds: string[] = [];
  {
    await using t = await conversation({ fake });
    fake.reply({ steps: [], end: "silence" });
    for (const message of ["one", "two"]) runIds.push((await t.client.call("agent.run", { message })).run_id);
    await fake.received(1);
    home = await crashed(t, folder.path);
    await t.client.call("session.delete", { session_key: MAIN });
  }
  await using t = await conversation({ fake, home, config: { runs: { on_restart: "interrupt" } } });
  for (const run_id of runIds) expect((await t.client.call("runs.wait", { run_id })).status).toBe("interrupted");
  expect(fake.requests).toHaveLength(1);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["one", "two"]);
});

test("a run that brings the process down again and again is given up", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  fake.answer(() => ({ steps: [], end: "silence" }));
  let home: string | undefined;
  let runId = "";
  for (let start = 0; start < 4; start++) {
    await using t = await conversation({ fake, ...(home ? { home } : {}) });
    if (start === 0) ({ run_id: runId } = await t.client.call("agent.run", { message: "Tell me" }));
    await fake.received(start + 1);
    home = await crashed(t, join(folder.path, String(start)));
    await t.client.call("agent.abort", { run_id: runId });
  }
  await using t = await conversation({ fake, home: home! });
  expect((await t.client.call("runs.wait", { run_id: runId })).status).toBe("interrupted");
  expect(fake.requests).toHaveLength(4);
});

test("event numbers go on behind the ones of the process before, and clients are told what is gone", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  let home: string;
  let last: number;
  {
    await using t = await conversation({ fake });
    fake.reply("one");
    const events = await collectEvents(t.client);
    await t.client.call("session.send", { message: "first" });
    last = events.events.at(-1)!.seq;
    home = await crashed(t, folder.path);
  }
  await using t = await conversation({ fake, home });
  fake.reply("two");
  const events = await collectEvents(t.client);
  await t.client.call("session.send", { message: "second" });
  expect(events.events[0]!.seq).toBeGreaterThan(last);
  expect(await t.client.call("events.subscribe", { pattern: "nothing.here", after_seq: last })).toMatchObject({
    truncated: true,
    oldest_seq: expect.any(Number),
  });
});

test("a clean stop lets a run go on at the next start, without a word lost or doubled", async () => {
  await using folder = await testFolder();
  await using fake = startOpenAiFake();
  const home = join(folder.path, "home");
  const gate = Promise.withResolvers<void>();
  let runId: string;
  {
    await using t = await conversation({ fake, home });
    fake.reply([{ tool_call: { id: "c1", name: "time", args: {} } }, { wait: gate.promise }]);
    ({ run_id: runId } = await t.client.call("agent.run", { message: "go" }));
    await fake.received(1);
    const stopping = t.app[Symbol.asyncDispose]();
    gate.resolve();
    await stopping;
  }
  fake.reply("done");
  await using t = await conversation({ fake, home });
  expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({
    status: "completed",
    text: "done",
    steps: 2,
  });
  expect(fake.requests).toHaveLength(2);
});

test.each(["stopped", "killed"])(
  "a question outlives a server that was %s, and its answer lets the call run, once",
  async (how) => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    const home = join(folder.path, "here");
    let runId: string;
    let approvalId: unknown;
    {
      await using t = await conversation({ fake, home });
      fake.reply([{ tool_call: { id: "c1", name: "exec", args: { command: "echo x >> log.txt" } } }], "Done");
      const events = await collectEvents(t.client);
      ({ run_id: runId } = await t.client.call("agent.run", { message: "go" }));
      const asked = await events.until(({ topic }) => topic === "approval.requested");
      approvalId = (asked.data as { approval_id: string }).approval_id;
      if (how === "killed") await crashed(t, folder.path);
    }
    if (how === "killed") {
      // The database of that moment in the same folders: a folder that was copied would be another one.
      for (const name of ["aleph.db", "aleph.db-wal"]) await rename(join(folder.path, "home", name), join(home, name));
      await rm(join(home, "aleph.db-shm"), { force: true });
    }
    await using t = await conversation({ fake, home });
    const waiting = await t.client.call("approvals.list", { status: "pending" });
    expect(waiting.approvals.map(({ approval_id }) => approval_id)).toEqual([String(approvalId)]);
    await t.client.call("approvals.resolve", { approval_id: String(approvalId), decision: "once" });
    expect(await t.client.call("runs.wait", { run_id: runId })).toMatchObject({ status: "completed", text: "Done" });
    expect(await Bun.file(join(home, "workspaces/main/log.txt")).text()).toBe("x\n");
    expect((await t.client.call("approvals.list", {})).approvals).toHaveLength(1);
    const { messages } = await t.client.call("session.history", { session_key: MAIN });
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  },
);
