/** Tasks of other agents over real sockets, with the client of the protocol's own SDK. */
import { describe, expect, test } from "bun:test";
import { type Task, TaskState } from "@a2a-js/sdk";
import { a2aApp, gather, openAgent, saying } from "../support/a2a.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const ASK = { tool_call: { name: "ask_user", args: { question: "Which colour?" } } };
const { TASK_STATE_COMPLETED, TASK_STATE_WORKING, TASK_STATE_CANCELED, TASK_STATE_INPUT_REQUIRED } = TaskState;

const textIn = (task: Task) =>
  task.artifacts.map(({ artifactId, parts }) => [artifactId, parts.map((part) => part.content?.value)]);

function taskOf(result: object): Task {
  expect(result).toHaveProperty("artifacts");
  return result as Task;
}

describe.each(["1.0", "0.3"] as const)("A2A %s", (version) => {
  test("message/send answers with the task and its answer; the same message again starts nothing", async () => {
    await using t = await a2aApp();
    t.fake.reply("It is noon");
    const agent = await openAgent(t, version);
    const request = saying("What time is it?", { id: "m-1" });
    const task = taskOf(await agent.sendMessage(request));
    expect(task.status?.state).toBe(TASK_STATE_COMPLETED);
    expect(textIn(task)).toEqual([["answer", ["It is noon"]]]);
    expect(task.history.map(({ messageId, parts }) => [messageId, parts[0]?.content?.value])).toEqual([
      ["m-1", "What time is it?"],
    ]);
    expect(taskOf(await agent.sendMessage(request))).toEqual(task);
    expect(await agent.getTask({ tenant: "", id: task.id })).toEqual(task);
    expect(t.fake.requests).toHaveLength(1);
    t.fake.reply("Another one");
    expect(taskOf(await agent.sendMessage(saying("Something else", { id: "m-1" }))).id).not.toBe(task.id);
  });

  test("message/stream tells how it goes and gives the answer piece by piece", async () => {
    await using t = await a2aApp();
    t.fake.reply([{ text: "Let me see. " }, { tool_call: { name: "time", args: {} } }], ["It ", "is ", "noon"]);
    const agent = await openAgent(t, version);
    const told = await gather(agent.sendMessageStream(saying("What time is it?")));
    expect(told.answer).toBe("It is noon");
    expect(told.kinds[0]).toBe("task");
    expect(told.kinds.at(-1)).toBe("statusUpdate");
    expect(told.states.at(-1)).toBe(TASK_STATE_COMPLETED);
    expect(textIn(await agent.getTask({ tenant: "", id: told.taskId }))).toEqual([["answer", ["It is noon"]]]);
  });

  test("a task is cancelled once", async () => {
    await using t = await a2aApp();
    t.fake.reply({ steps: ["Beginning"], end: "silence" });
    const agent = await openAgent(t, version);
    const { id } = taskOf(await agent.sendMessage(saying("Take long", { wait: false })));
    await t.fake.received(1);
    expect((await agent.cancelTask({ tenant: "", id, metadata: undefined })).status?.state).toBe(TASK_STATE_CANCELED);
    await expect(agent.cancelTask({ tenant: "", id, metadata: undefined })).rejects.toThrow("has ended already");
    await expect(agent.cancelTask({ tenant: "", id: "none", metadata: undefined })).rejects.toThrow('no task "none"');
  });

  test("whoever comes back to a stream gets what was written so far and the rest", async () => {
    await using t = await a2aApp();
    const goOn = Promise.withResolvers<void>();
    t.fake.reply(["One, ", { wait: goOn.promise }, "two"]);
    const agent = await openAgent(t, version);
    const left = agent.sendMessageStream(saying("Count"));
    let id = "";
    for await (const { payload } of left) {
      if (payload?.$case === "task") id = payload.value.id;
      if (payload?.$case === "artifactUpdate") break;
    }
    const again = agent.resubscribeTask({ tenant: "", id });
    const first = (await again.next()).value;
    expect(first?.payload?.$case === "task" && textIn(first.payload.value)).toEqual([["answer", ["One, "]]]);
    goOn.resolve();
    const told = await gather(again);
    expect([told.answer, told.states]).toEqual(["two", [TASK_STATE_COMPLETED]]);
    await expect(agent.resubscribeTask({ tenant: "", id }).next()).rejects.toThrow("has ended already");
  });

  test("a question of the model needs an answer, with the task's id or in its context", async () => {
    await using t = await a2aApp();
    t.fake.reply([ASK], "Painted it green");
    const agent = await openAgent(t, version);
    const asked = taskOf(await agent.sendMessage(saying("Paint it")));
    expect(asked.status?.state).toBe(TASK_STATE_INPUT_REQUIRED);
    expect(asked.status?.message?.parts[0]?.content?.value).toBe("Which colour?");
    const { id, contextId } = asked;
    const done = taskOf(await agent.sendMessage(saying("Green", { taskId: id, contextId })));
    expect([done.id, done.status?.state, textIn(done)]).toEqual([
      id,
      TASK_STATE_COMPLETED,
      [["answer", ["Painted it green"]]],
    ]);
    await expect(agent.sendMessage(saying("And blue", { taskId: id }))).rejects.toThrow("has ended");
  });

  test("whoever watches a task sees what becomes of it after a question, until it has ended", async () => {
    await using t = await a2aApp();
    t.fake.reply([ASK], "Painted it green");
    const agent = await openAgent(t, version);
    const { id } = taskOf(await agent.sendMessage(saying("Paint it")));
    const watched = agent.resubscribeTask({ tenant: "", id });
    const first = (await watched.next()).value;
    expect(first?.payload?.$case === "task" && first.payload.value.status?.state).toBe(TASK_STATE_INPUT_REQUIRED);
    await agent.sendMessage(saying("Green", { taskId: id }));
    const told = await gather(watched);
    expect([told.answer, told.states]).toEqual(["Painted it green", [TASK_STATE_WORKING, TASK_STATE_COMPLETED]]);
  });

  test("whoever watches a task from its beginning is told of the question", async () => {
    await using t = await a2aApp();
    const begin = Promise.withResolvers<void>();
    t.fake.reply([{ wait: begin.promise }, ASK], "Green, then");
    const agent = await openAgent(t, version);
    const { id } = taskOf(await agent.sendMessage(saying("Paint it", { wait: false })));
    const watched = agent.resubscribeTask({ tenant: "", id });
    await watched.next();
    begin.resolve();
    for await (const { payload } of watched) {
      if (payload?.$case !== "statusUpdate") continue;
      const { status } = payload.value;
      if (status?.state === TASK_STATE_COMPLETED) break;
      if (status?.state !== TASK_STATE_INPUT_REQUIRED) continue;
      expect(status.message?.parts[0]?.content?.value).toBe("Which colour?");
      await agent.sendMessage(saying("Green", { taskId: id, wait: false }));
    }
    expect((await agent.getTask({ tenant: "", id })).status?.state).toBe(TASK_STATE_COMPLETED);
  });

  test("historyLength says how many of the last messages come along; below zero it is refused", async () => {
    await using t = await a2aApp();
    t.fake.reply([ASK], "Done");
    const agent = await openAgent(t, version);
    const { id } = taskOf(await agent.sendMessage(saying("Paint it")));
    await agent.sendMessage(saying("Green", { taskId: id }));
    const said = async (historyLength?: number) => {
      const task = await agent.getTask({ tenant: "", id, ...(historyLength === undefined ? {} : { historyLength }) });
      return task.history.map(({ parts }) => parts[0]?.content?.value);
    };
    expect(await said()).toEqual(["Paint it", "Green"]);
    expect(await said(1)).toEqual(["Green"]);
    expect(await said(0)).toEqual([]);
    await expect(said(-1)).rejects.toThrow("negative");
  });

  test("a context is one conversation", async () => {
    await using t = await a2aApp();
    t.fake.reply("Hello Ada", "Ada");
    const agent = await openAgent(t, version);
    const { contextId } = taskOf(await agent.sendMessage(saying("I am Ada")));
    const second = taskOf(await agent.sendMessage(saying("Who am I?", { contextId })));
    expect(second.contextId).toBe(contextId);
    expect(JSON.stringify(t.fake.requests[1]!.body.messages)).toContain("I am Ada");
    expect(taskOf(await agent.sendMessage(saying("x", { wait: false }))).contextId).not.toBe(contextId);
  });
});

describe("tasks", () => {
  test("outlive a restart of the server, with what they were asked and said", async () => {
    await using folder = await testFolder();
    const id = await (async () => {
      await using t = await a2aApp({ home: folder.path });
      t.fake.reply("Kept");
      return taskOf(await (await openAgent(t)).sendMessage(saying("Keep this"))).id;
    })();
    await using t = await a2aApp({ home: folder.path });
    const task = await (await openAgent(t)).getTask({ tenant: "", id });
    expect([task.status?.state, textIn(task)]).toEqual([TASK_STATE_COMPLETED, [["answer", ["Kept"]]]]);
  });

  test("are reached by nobody but the identity that began them, and another one's context is its own", async () => {
    await using t = await a2aApp();
    t.fake.answer(() => "Mine");
    const other = await t.client.call("auth.tokens.create", { name: "other", scopes: ["chat"] });
    const owner = await openAgent(t);
    const stranger = await openAgent({ url: t.url, token: other.token });
    const { id, contextId } = taskOf(await owner.sendMessage(saying("A secret", { id: "m", contextId: "shared" })));
    const request = { tenant: "", id };
    const none = `no task "${id}"`;
    await expect(stranger.getTask(request)).rejects.toThrow(none);
    await expect(stranger.cancelTask({ ...request, metadata: undefined })).rejects.toThrow(none);
    await expect(stranger.resubscribeTask(request).next()).rejects.toThrow(none);
    await expect(stranger.sendMessage(saying("Go on", { taskId: id }))).rejects.toThrow(none);
    await expect(
      stranger.listTaskPushNotificationConfig({ tenant: "", taskId: id, pageSize: 0, pageToken: "" }),
    ).rejects.toThrow(none);
    await stranger.sendMessage(saying("What did we say?", { id: "m", contextId }));
    expect(JSON.stringify(t.fake.requests[1]!.body.messages)).not.toContain("A secret");
    const all = { tenant: "", contextId: "", status: 0, pageToken: "", statusTimestampAfter: undefined };
    expect((await owner.listTasks(all)).tasks.map((task) => task.id)).toEqual([id]);
    expect((await stranger.listTasks(all)).tasks.map((task) => task.id)).not.toContain(id);
  });

  test("are listed by state and context, newest first, in pages", async () => {
    await using t = await a2aApp();
    const agent = await openAgent(t);
    t.fake.reply("1", "2", [ASK]);
    const one = taskOf(await agent.sendMessage(saying("one", { contextId: "c" })));
    const two = taskOf(await agent.sendMessage(saying("two")));
    const asks = taskOf(await agent.sendMessage(saying("three", { contextId: "c" })));
    const list = async (query: object) => {
      const all = { tenant: "", contextId: "", status: 0, pageToken: "", statusTimestampAfter: undefined };
      const { tasks, ...rest } = await agent.listTasks({ ...all, ...query });
      return { ids: tasks.map(({ id }) => id), ...rest };
    };
    expect(await list({})).toEqual({ ids: [asks.id, two.id, one.id], nextPageToken: "", pageSize: 50, totalSize: 3 });
    expect((await list({ statusTimestampAfter: "2020-01-01T00:00:00.5+02:00" })).ids).toHaveLength(3);
    expect((await list({ statusTimestampAfter: "2100-01-01T00:00:00Z" })).ids).toEqual([]);
    expect((await list({ contextId: "c" })).ids).toEqual([asks.id, one.id]);
    expect((await list({ status: TASK_STATE_COMPLETED })).ids).toEqual([two.id, one.id]);
    expect((await list({ status: TASK_STATE_INPUT_REQUIRED })).ids).toEqual([asks.id]);
    expect((await list({ status: TASK_STATE_WORKING })).ids).toEqual([]);
    const first = await list({ pageSize: 2 });
    expect(first.ids).toEqual([asks.id, two.id]);
    expect((await list({ pageSize: 2, pageToken: first.nextPageToken })).ids).toEqual([one.id]);
    await expect(list({ pageToken: "x" })).rejects.toThrow("pageToken");
    await expect(list({ pageSize: 1000 })).rejects.toThrow("pageSize");
    await agent.cancelTask({ tenant: "", id: asks.id, metadata: undefined });
  });

  test("take files, and give back those that tools made", async () => {
    await using t = await a2aApp();
    t.fake.reply("Read it");
    const agent = await openAgent(t);
    const files = [{ bytes: "hello from a file", name: "note.txt", mime: "text/plain" }];
    await agent.sendMessage(saying("Read", { files }));
    expect(JSON.stringify(t.fake.requests[0]!.body.messages)).toContain("note.txt");
    const linked = saying("Fetch");
    linked.message!.parts[0]!.content = { $case: "url", value: "http://169.254.169.254/" };
    await expect(agent.sendMessage(linked)).rejects.toThrow("as bytes");
    const many = saying("Many", { files: Array.from({ length: 21 }, () => files[0]!) });
    await expect(agent.sendMessage(many)).rejects.toThrow("20 files");
  });

  test("count as touched from outside: what would tell somebody something asks first", async () => {
    await using t = await a2aApp();
    t.fake.reply([{ tool_call: { name: "web_fetch", args: { url: "https://example.com/?q=secret" } } }], "done");
    const agent = await openAgent(t);
    const { id } = taskOf(await agent.sendMessage(saying("Fetch it", { wait: false })));
    const waiting = await until(
      async () => (await t.client.call("approvals.list", { status: "pending" })).approvals[0],
    );
    expect(waiting).toMatchObject({ tool: "web_fetch", run_id: id });
    await t.client.call("approvals.resolve", { approval_id: waiting.approval_id, decision: "deny" });
  });

  test("call no command of a plugin", async () => {
    await using t = await a2aApp();
    t.fake.reply("said");
    const task = taskOf(await (await openAgent(t)).sendMessage(saying("/help")));
    expect(textIn(task)).toEqual([["answer", ["said"]]]);
  });

  test("tell why they failed", async () => {
    await using t = await a2aApp();
    t.fake.answer(() => ({ status: 400, message: "no such thing" }));
    const task = taskOf(await (await openAgent(t)).sendMessage(saying("x")));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_FAILED);
    expect(task.status?.message?.parts[0]?.content?.value).toContain("no such thing");
  });
});
