import { expect, test } from "bun:test";
import { MessageIndex } from "../../src/session/message-index.ts";
import { appendMessage, deleteMessage, updateMessage } from "../../src/session/messages.ts";
import { ensureSession } from "../../src/session/sessions.ts";
import { openStore } from "../../src/store/store.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const MAIN = "agent:main:main";
const OTHER = "agent:main:chat:other";

async function setUp() {
  const { log } = testLog();
  await using stack = new AsyncDisposableStack();
  const store = stack.use(openStore(":memory:", { log }));
  const index = stack.use(new MessageIndex({ store, log }));
  const say = (
    text: string,
    { key = MAIN, role = "user" as "user" | "assistant" | "tool", kind = "owner" as "owner" | "guest" } = {},
  ) =>
    store.writeRelaxed((db) => {
      const { id } = ensureSession(db, key, kind, 1);
      const parts = [{ type: "text" as const, text }];
      return appendMessage(db, { sessionId: id, runId: null, role, parts, status: "complete", ts: 1 });
    });
  const find = (query: string, sessionKey?: string) =>
    index.search(query, { limit: 10, sessionKey }).found.map(({ snippet }) => snippet);
  const owned = stack.move();
  return { store, index, say, find, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("MessageIndex finds messages with all of the words first, and with some if there are none", async () => {
  await using t = await setUp();
  t.say("The green car is fast");
  t.say("The red car is slow");
  t.say("The green house", { key: OTHER });
  expect(t.find("green car")).toEqual(["The green car is fast"]);
  expect(t.find("blue car").toSorted()).toEqual(["The green car is fast", "The red car is slow"]);
  expect(t.find("green", OTHER)).toEqual(["The green house"]);
  expect(t.find("nowhere")).toEqual([]);
});

test("MessageIndex says where a message stands, with the part around what was found", async () => {
  await using t = await setUp();
  const id = t.say(`${"x ".repeat(300)}needle ${"y ".repeat(300)}`);
  expect(t.index.search("Needle", { limit: 5 })).toEqual({
    found: [
      {
        id: String(id),
        key: MAIN,
        title: expect.any(String),
        role: "user",
        ts: 1,
        snippet: expect.stringMatching(/^….*needle.*…$/),
      },
    ],
    left: 0,
  });
});

test("MessageIndex follows what is changed and what is deleted, message or session", async () => {
  await using t = await setUp();
  const id = t.say("first words");
  const gone = t.say("first thoughts");
  t.say("first light", { key: OTHER });
  expect(t.find("first")).toHaveLength(3);
  t.store.writeRelaxed((db) => {
    updateMessage(db, id, { parts: [{ type: "text", text: "other words" }], status: "complete" });
    deleteMessage(db, gone);
    db.query("DELETE FROM session WHERE key = ?").run(OTHER);
  });
  expect([t.find("first"), t.find("words")]).toEqual([[], ["other words"]]);
  const left = t.store.db.query("SELECT count(*) AS count FROM message_text_docsize").get();
  expect(left).toEqual({ count: 1 });
});

test("MessageIndex takes nothing of tools and of guests", async () => {
  await using t = await setUp();
  t.say("a word of a tool", { role: "tool" });
  t.say("a word of a guest", { key: OTHER, kind: "guest" });
  expect([t.find("word"), t.index.left()]).toEqual([[], 0]);
});

test("MessageIndex takes in what is from before there was an index, in the background and newest first", async () => {
  await using t = await setUp();
  for (let index = 0; index < 700; index++) t.say(`old message number${index}`);
  t.say("an old word of a guest", { key: OTHER, kind: "guest" });
  // As a migration leaves it.
  t.store.db.run("DELETE FROM message_unindexed");
  t.store.db.run("UPDATE message_index SET before = (SELECT max(id) + 1 FROM message)");
  expect(t.index.search("number5", { limit: 5 })).toEqual({ found: [], left: 701 });
  await until(() => t.index.left() === 0);
  expect([t.find("number5"), t.find("number699"), t.find("guest")]).toEqual([
    ["old message number5"],
    ["old message number699"],
    [],
  ]);
});

test("MessageIndex takes in many new ones in turn", async () => {
  await using t = await setUp();
  for (let index = 0; index < 1200; index++) t.say(`new message number${index}`);
  expect(t.index.search("number3", { limit: 5 }).left).toBe(700);
  t.index.catchUp();
  await t.index.settled();
  expect([t.index.left(), t.find("number3")]).toEqual([0, ["new message number3"]]);
});
