import { expect, test } from "bun:test";
import { appendMessage, moveToEnd, readHistory } from "../../src/session/messages.ts";
import { ensureSession } from "../../src/session/sessions.ts";
import { openStore } from "../../src/store/store.ts";
import { testLog } from "../support/log.ts";

function open() {
  const store = openStore(":memory:", { log: testLog().log });
  const { id: sessionId } = ensureSession(store.db, "agent:main:main", "owner", 1);
  const say = (text: string, role: "user" | "assistant" = "user") =>
    appendMessage(store.db, {
      sessionId,
      runId: null,
      role,
      parts: [{ type: "text", text }],
      status: "complete",
      ts: 1,
    });
  const page = (limit: number, before?: string) => {
    const { messages, next } = readHistory(store.db, sessionId, { limit, before });
    return { texts: messages.map(({ content }) => content), next };
  };
  return { store, sessionId, say, page };
}

test("readHistory pages backwards through all messages, each once and oldest first", () => {
  const { say, page } = open();
  for (let index = 1; index <= 7; index++) say(`m${index}`);
  const newest = page(3);
  expect(newest).toEqual({ texts: ["m5", "m6", "m7"], next: "5" });
  const middle = page(3, newest.next);
  expect(middle).toEqual({ texts: ["m2", "m3", "m4"], next: "2" });
  expect(page(3, middle.next)).toEqual({ texts: ["m1"], next: undefined });
});

test("readHistory goes on where a message was that is gone", () => {
  const { store, say, page } = open();
  for (let index = 1; index <= 4; index++) say(`m${index}`);
  store.db.query("DELETE FROM message WHERE id = 3").run();
  expect(page(5, "3").texts).toEqual(["m1", "m2"]);
});

test("moveToEnd puts a message behind all others and leaves one that is last", () => {
  const { store, say, page } = open();
  const waiting = say("waited");
  say("answer", "assistant");
  say("later", "assistant");
  moveToEnd(store.db, waiting);
  expect(page(10).texts).toEqual(["answer", "later", "waited"]);
  moveToEnd(store.db, waiting);
  say("next", "assistant");
  expect(page(10).texts).toEqual(["answer", "later", "waited", "next"]);
});

test("moveToEnd keeps pages whole across the moved message", () => {
  const { store, say, page } = open();
  const waiting = say("waited");
  for (let index = 1; index <= 3; index++) say(`m${index}`);
  moveToEnd(store.db, waiting);
  const newest = page(2);
  expect(newest.texts).toEqual(["m3", "waited"]);
  expect(page(5, newest.next).texts).toEqual(["m1", "m2"]);
});

test("the first user message becomes the title, cut by characters and not by code units", () => {
  const { store, say } = open();
  say(`${"👩‍🚀 ".repeat(40)}\nsecond line`);
  say("another");
  const { title } = store.db.query<{ title: string }, []>("SELECT title FROM session").get()!;
  expect(title.isWellFormed()).toBe(true);
  expect(title.endsWith("…")).toBe(true);
  expect([...title].length).toBeLessThanOrEqual(60);
});
