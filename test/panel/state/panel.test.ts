/** The panel's state against a real server; only the page around it is missing. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { signal } from "@preact/signals";
import { openWebSocket, type Transport } from "../../../src/client/transport.ts";
import { type Answer, recordedAnswer } from "../../../src/panel/state/answer.ts";
import type { Conversation as Opened } from "../../../src/panel/state/conversation.ts";
import { createPanel, type Panel } from "../../../src/panel/state/panel.ts";
import type { Place, Router } from "../../../src/panel/state/router.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { collectEvents } from "../../support/app.ts";
import { type Conversation, type ConversationOptions, conversation, MAIN } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";
import { until } from "../../support/until.ts";
import { memory } from "../memory.ts";

interface Opening extends AsyncDisposable {
  readonly server: Conversation;
  readonly panel: Panel;
  /** Another panel on the same server, as after a reload. */
  another(): Panel;
  /** Ends the line without a word from either side. */
  cut(): void;
}

async function openPanel(options: ConversationOptions = {}): Promise<Opening> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await conversation({ ...options, config: { ...options.config, auth: { mode: "none" } } }));
  const panels = stack.use(new DisposableStack());
  let line: Transport | undefined;
  const another = () =>
    panels.use(
      createPanel({
        open: async () => (line = await openWebSocket(server.wsUrl)),
        loginKey: () => undefined,
        kept: memory(),
        router: fixedRouter(),
        fetch: (path) => fetch(server.url + path),
        languages: ["en"],
        now: Date.now,
      }),
    );
  const panel = another();
  await until(() => panel.connection.link.peek().kind === "connected" && panel.sessions.phase.peek().kind === "ready");
  const owned = stack.move();
  return { server, panel, another, cut: () => line?.close(), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function fixedRouter(): Router {
  const place = signal<Place>({ page: "new" });
  const set = (next: Place) => {
    place.value = next;
  };
  return { place, go: set, replace: set };
}

async function openSession(panel: Panel): Promise<Opened> {
  const { session_key } = await panel.connection.call("session.create", {});
  const opened = panel.conversation(session_key);
  await until(() => opened.phase.peek().kind === "ready");
  return opened;
}

/** The last answer as it is shown. */
function shown(opened: Opened): Answer | undefined {
  const entry = opened.entries.peek().findLast(({ kind }) => kind === "answer");
  if (entry?.kind !== "answer") return undefined;
  return entry.runId === null
    ? recordedAnswer(null, entry.messages, undefined)
    : (opened.live(entry.runId)?.peek() ??
        recordedAnswer(entry.runId, entry.messages, opened.runs.peek().get(entry.runId)));
}

const said = (answer: Answer | undefined) =>
  answer?.blocks.map((block) => ("text" in block ? block.text : block.kind)).join("|") ?? "";

describe("a conversation", () => {
  test("shows an answer while it streams, and the record when it is complete", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    const go = Promise.withResolvers<void>();
    server.fake.reply(["One ", "two", { wait: go.promise }, " three."]);
    const opened = await openSession(panel);
    await opened.send({ message: "Count" });
    await until(() => said(shown(opened)) === "One two");
    expect([shown(opened)?.status, opened.activeRun.peek() !== undefined]).toEqual(["running", true]);
    go.resolve();
    await until(() => shown(opened)?.status === "completed" && shown(opened)?.seq === 0);
    expect(said(shown(opened))).toBe("One two three.");
    expect([opened.activeRun.peek(), shown(opened)?.model]).toEqual([undefined, "fake/m"]);
    expect(opened.entries.peek().map(({ kind }) => kind)).toEqual(["user", "answer"]);
  });

  test("opened in the middle of an answer has all of it, once", async () => {
    await using opening = await openPanel();
    const go = Promise.withResolvers<void>();
    opening.server.fake.reply(["One ", "two", { wait: go.promise }, " three."]);
    const first = await openSession(opening.panel);
    await first.send({ message: "Count" });
    await until(() => said(shown(first)) === "One two");
    const second = opening.another();
    await until(() => second.connection.link.peek().kind === "connected");
    const opened = second.conversation(first.key);
    await until(() => said(shown(opened)) === "One two");
    go.resolve();
    await until(() => shown(opened)?.status === "completed");
    expect([said(shown(opened)), said(shown(first))]).toEqual(["One two three.", "One two three."]);
  });

  test("misses nothing while the line is down, and shows nothing twice", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    const go = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    server.fake.reply(["One ", { wait: go.promise }, "two ", { wait: end.promise }, "three."]);
    const opened = await openSession(panel);
    await opened.send({ message: "Count" });
    await until(() => said(shown(opened)) === "One ");
    opening.cut();
    await until(() => panel.connection.link.peek().kind === "lost");
    go.resolve();
    await until(() => panel.connection.link.peek().kind === "connected");
    await until(() => said(shown(opened)) === "One two ");
    end.resolve();
    await until(() => shown(opened)?.status === "completed");
    expect(said(shown(opened))).toBe("One two three.");
  });

  test("queues what is sent meanwhile, and puts it behind the answer when its turn comes", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    const go = Promise.withResolvers<void>();
    server.fake.reply(["First", { wait: go.promise }, "."], "Second.");
    const opened = await openSession(panel);
    await opened.send({ message: "a" });
    await until(() => said(shown(opened)) === "First");
    await opened.send({ message: "b" });
    const rows = () =>
      opened.entries
        .peek()
        .map((entry) =>
          entry.kind === "user" ? `${entry.message.content}${entry.queuedRun ? " waits" : ""}` : entry.kind,
        );
    expect(rows()).toEqual(["a", "answer", "b waits"]);
    go.resolve();
    await until(() => said(shown(opened)) === "Second." && shown(opened)?.status === "completed");
    expect(rows()).toEqual(["a", "answer", "b", "answer"]);
  });

  test("takes what is added to a running answer into it, where the model read it", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    const go = Promise.withResolvers<void>();
    server.fake.reply(["One", { wait: go.promise }, { tool_call: { name: "time", args: {} } }], "Two");
    const opened = await openSession(panel);
    await opened.send({ message: "Count" });
    await until(() => said(shown(opened)) === "One");
    await opened.send({ message: "Faster", mode: "steer" });
    go.resolve();
    await until(() => shown(opened)?.status === "completed");
    const kinds = () => shown(opened)?.blocks.map(({ kind }) => kind);
    await until(() => shown(opened)?.seq === 0);
    expect(kinds()).toEqual(["text", "tool", "said", "text"]);
    expect(opened.entries.peek().map(({ kind }) => kind)).toEqual(["user", "answer"]);
  });

  test("says that an answer was stopped, and keeps what was there", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    server.fake.reply(["One ", { wait: new Promise(() => undefined) }]);
    const opened = await openSession(panel);
    await opened.send({ message: "Count" });
    await until(() => said(shown(opened)) === "One ");
    await opened.stop(opened.activeRun.peek()!, "cancel");
    await until(() => shown(opened)?.status === "cancelled");
    expect([said(shown(opened)), opened.activeRun.peek()]).toEqual(["One ", undefined]);
  });

  test("says why an answer failed, also after a reload", async () => {
    await using opening = await openPanel();
    const { panel, server, another } = opening;
    server.fake.reply({ status: 401, message: "bad key" });
    const opened = await openSession(panel);
    await opened.send({ message: "Hello" });
    await until(() => shown(opened)?.status === "failed");
    const reloaded = another();
    await until(() => reloaded.connection.link.peek().kind === "connected");
    const again = reloaded.conversation(opened.key);
    await until(() => shown(again)?.status === "failed");
    expect(shown(again)?.error).toMatchObject({ reason: "provider_error" });
    expect(shown(again)?.error).toEqual(shown(opened)!.error);
    expect(opened.question(shown(opened)!.runId!)).toBe("Hello");
  });

  test("loads older pages until there are none", async () => {
    await using opening = await openPanel({ config: { limits: { rate: { run: 0 } } } });
    const { panel, server } = opening;
    server.fake.answer(() => "ok");
    const { session_key } = await panel.connection.call("session.create", {});
    for (let count = 0; count < 60; count++) {
      await server.client.call("session.send", { session_key, message: `question ${count}` });
    }
    const opened = panel.conversation(session_key);
    await until(() => opened.phase.peek().kind === "ready");
    expect([opened.entries.peek().length, opened.hasOlder.peek()]).toEqual([100, true]);
    await opened.loadOlder();
    expect([opened.entries.peek().length, opened.hasOlder.peek()]).toEqual([120, false]);
    const keys = opened.entries.peek().map(({ key }) => key);
    expect(new Set(keys).size).toBe(120);
  });

  test("shows what was put into it from outside of a run", async () => {
    await using opening = await openPanel();
    const opened = await openSession(opening.panel);
    const message = { interface: "webchat", target: opened.key, message: "The backup is done" };
    await opening.server.client.call("interface.send", message);
    await until(() => said(shown(opened)) === "The backup is done");
    expect(opened.entries.peek().map(({ kind }) => kind)).toEqual(["answer"]);
  });

  test("that is gone says so", async () => {
    await using opening = await openPanel();
    const opened = await openSession(opening.panel);
    await opening.server.client.call("session.delete", { session_key: opened.key });
    await until(() => opened.phase.peek().kind === "failed");
    const missing = opening.panel.conversation("agent:main:chat:nowhere");
    await until(() => missing.phase.peek().kind === "failed");
    expect([opened.phase.peek(), missing.phase.peek()]).toMatchObject([
      { trouble: { reason: "not_found" } },
      { trouble: { reason: "not_found" } },
    ]);
  });
});

describe("the list of conversations", () => {
  test("follows what happens elsewhere: begun, renamed, running, deleted", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    const { client } = server;
    const rows = () =>
      panel.sessions.rows.peek().map(({ title, active_run }) => `${title}${active_run ? " runs" : ""}`);
    const { session_key } = await client.call("session.create", { title: "One" });
    await until(() => rows().includes("One"));
    await client.call("session.patch", { session_key, title: "Uno" });
    await until(() => rows().includes("Uno"));
    const go = Promise.withResolvers<void>();
    server.fake.reply([{ wait: go.promise }, "ok"]);
    await client.call("agent.run", { session_key, message: "go" });
    await until(() => rows().includes("Uno runs"));
    go.resolve();
    await until(() => rows().includes("Uno"));
    await client.call("session.delete", { session_key });
    await until(() => !rows().includes("Uno"));
  });

  test("finds by title, and shows all again", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    for (const title of ["Garden", "Letter"]) await server.client.call("session.create", { title });
    const titles = () => panel.sessions.rows.peek().map(({ title }) => title);
    await until(() => titles().length === 2);
    panel.sessions.search("gard");
    await until(() => titles().length === 1);
    expect(titles()).toEqual(["Garden"]);
    panel.sessions.search("");
    await until(() => titles().length === 2);
  });

  test("knows what the person has not seen", async () => {
    await using opening = await openPanel();
    const { panel, server } = opening;
    server.fake.reply("ok");
    const { session_key } = await server.client.call("session.create", { title: "New" });
    await server.client.call("session.send", { session_key, message: "hi" });
    const row = () => panel.sessions.rows.peek().find((found) => found.session_key === session_key);
    await until(() => row() !== undefined && row()!.active_run === null && panel.sessions.isUnread(row()!));
    panel.sessions.markSeen(session_key);
    expect(panel.sessions.isUnread(row()!)).toBe(false);
  });
});

describe("what waits for the person", () => {
  const COMMAND = { tool_call: { name: "exec", args: { command: "mkdir somewhere" } } };

  test.each([
    ["once", "approved"],
    ["deny", "denied"],
  ] as const)("is asked everywhere and answered %s once", async (decision, status) => {
    await using opening = await openPanel();
    const { panel, server, another } = opening;
    server.fake.reply([COMMAND], "Done.");
    const opened = await openSession(panel);
    await opened.send({ message: "go" });
    const [question] = await until(() => panel.approvals.waiting.peek().length > 0 && panel.approvals.waiting.peek());
    expect(question).toMatchObject({ tool: "exec", plan: { command: "mkdir somewhere" }, session_key: opened.key });
    const second = another();
    await until(() => second.approvals.waiting.peek().length === 1);
    await panel.approvals.resolve(question!.approval_id, decision);
    expect(panel.approvals.waiting.peek()).toEqual([]);
    await until(() => second.approvals.waiting.peek().length === 0);
    expect(second.approvals.outcomes.peek().get(question!.approval_id)?.outcome.decision).toBe(decision);
    expect((await server.client.call("approvals.get", { approval_id: question!.approval_id })).status).toBe(status);
    await until(() => shown(opened)?.status === "completed");
    // An answer that comes too late changes nothing and is no error for the person.
    await second.approvals.resolve(question!.approval_id, "always");
    expect((await server.client.call("approvals.get", { approval_id: question!.approval_id })).status).toBe(status);
  });
});

describe("a run that a restart met", () => {
  test.each([
    ["all its events", 0],
    ["none of its last events", 1000],
  ])("is shown whole and once with %s kept", async (_, lost) => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    const go = Promise.withResolvers<void>();
    fake.reply(["Before.", { tool_call: { name: "exec", args: { command: "mkdir there" } } }]);
    {
      await using server = await conversation({ home: folder.path, fake });
      const events = await collectEvents(server.client);
      await server.client.call("agent.run", { message: "go", session_key: MAIN });
      await events.until(({ topic }) => topic === "approval.requested");
    }
    {
      // As when the process is killed before they are written.
      using db = new Database(join(folder.path, "aleph.db"));
      db.run("DELETE FROM event WHERE seq > (SELECT min(seq) FROM event WHERE run_id IS NOT NULL) AND ?", [lost]);
    }
    fake.reply(["After", { wait: go.promise }, " it."]);
    await using opening = await openPanel({ home: folder.path, fake });
    const { panel } = opening;
    const opened = panel.conversation(MAIN);
    const [question] = await until(() => panel.approvals.waiting.peek().length > 0 && panel.approvals.waiting.peek());
    await until(() => opened.live(opened.activeRun.peek() ?? "") !== undefined);
    // The call that was left open is taken up again a moment after its run.
    await until(() => said(shown(opened)) === "Before.|note|tool");
    await panel.approvals.resolve(question!.approval_id, "once");
    await until(() => said(shown(opened)) === "Before.|note|tool|After");
    go.resolve();
    await until(() => shown(opened)?.status === "completed" && shown(opened)?.seq === 0);
    expect(said(shown(opened))).toBe("Before.|tool|After it.");
  });
});

describe("the connection", () => {
  test("tells that there is none, and that calls cannot be made", async () => {
    await using opening = await openPanel();
    const { panel } = opening;
    opening.cut();
    await until(() => panel.connection.link.peek().kind === "lost");
    expect(panel.connection.call("system.info", {})).rejects.toMatchObject({ reason: "cancelled" });
    await until(() => panel.connection.link.peek().kind === "connected");
    expect((await panel.connection.call("system.info", {})).auth_mode).toBe("none");
  });

  test("is refused without credentials where they are needed, and does not try again by itself", async () => {
    await using server = await conversation();
    using panel = createPanel({
      open: () => openWebSocket(server.wsUrl),
      loginKey: () => "aleph_ses_not_a_key",
      kept: memory(),
      router: fixedRouter(),
      fetch: (path) => fetch(server.url + path),
      languages: ["en"],
      now: Date.now,
    });
    const link = await until(() => panel.connection.link.peek().kind === "refused" && panel.connection.link.peek());
    expect(link).toMatchObject({ kind: "refused", error: { reason: "auth_failed" } });
  });
});

test("the state of a page is made once, told of events, and read anew with each connect", async () => {
  await using t = await openPanel();
  const seen: string[] = [];
  const make = () => ({
    renew: async () => void seen.push("renew"),
    handle: ({ topic }: EventFrame) => void seen.push(topic),
  });
  expect(t.panel.part(make)).toBe(t.panel.part(make));
  expect(seen).toEqual([]);
  await t.panel.connection.call("config.patch", { patch: { log: { level: "debug" } } });
  await until(() => seen.includes("config.changed"));
  expect(seen).not.toContain("renew");
  t.cut();
  await until(() => seen.includes("renew"));
});
