import { expect, test } from "bun:test";
import { openBus } from "../../src/bus/bus.ts";
import { createId } from "../../src/lib/id.ts";
import type { Identity } from "../../src/protocol/identity.ts";
import type { MessagePart } from "../../src/protocol/message.ts";
import { MessageIndex } from "../../src/session/message-index.ts";
import { appendMessage } from "../../src/session/messages.ts";
import { createSessionReader } from "../../src/session/reader.ts";
import { insertRun } from "../../src/session/runs.ts";
import { ensureSession, kindOf, Sessions } from "../../src/session/sessions.ts";
import { createStores } from "../../src/session/stores.ts";
import { openStore } from "../../src/store/store.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";

const MAIN = "agent:main:main";
const OTHER = "agent:main:chat:other";
const HIDDEN = "agent:main:ephemeral:x";

async function setUp() {
  const { log } = testLog();
  await using stack = new AsyncDisposableStack();
  const store = stack.use(openStore(":memory:", { log }));
  const stores = createStores(store, () => stack.use(openStore(":memory:", { log })));
  const bus = stack.use(openBus({ store, log, now: Date.now }));
  const sessions = new Sessions({ stores, bus, now: Date.now });
  let ts = 1000;
  const say = (key: string, role: "user" | "assistant" | "tool", part: MessagePart) =>
    stores.of(key).write((db) => {
      const { id } = ensureSession(db, key, "owner", ts);
      appendMessage(db, { sessionId: id, runId: null, role, parts: [part], status: "complete", ts: ts++ });
    });
  const text = (words: string): MessagePart => ({ type: "text", text: words });
  await say(MAIN, "user", text("Where is the 100% key?"));
  await say(MAIN, "assistant", text("Under the mat"));
  await say(OTHER, "user", text("read a page"));
  await say(OTHER, "tool", {
    type: "tool_result",
    call_id: "c",
    tool: "web_fetch",
    status: "ok",
    text: "key",
    untrusted: true,
  });
  await say(OTHER, "assistant", text("The page has a key"));
  await say(HIDDEN, "user", text("a secret key"));
  const index = stack.use(new MessageIndex({ store, log }));
  const reader = createSessionReader({ sessions, stores, index: async () => index });
  const owned = stack.move();
  /** In a run of whoever asks. */
  const ask = (key: string, identity: Identity, words: string) =>
    store.write((db) => {
      const { id: sessionId } = ensureSession(db, key, kindOf(key, {}), ts);
      const request = { grant: { identity, role: "operator", scopes: ["chat"] }, resumed: 0, messageId: 0 } as const;
      const runId = createId("run");
      insertRun(db, { id: runId, sessionId, identity: identity.id, request, createdAt: ts });
      appendMessage(db, { sessionId, runId, role: "user", parts: [text(words)], status: "complete", ts: ts++ });
    });
  return { reader, say, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("SessionReader lists conversations, an ephemeral one to itself alone", async () => {
  await using t = await setUp();
  const keys = (from: string) => t.reader.list(from, { filter: "", limit: 10 }).sessions.map(({ key }) => key);
  expect([keys(MAIN), keys(HIDDEN)]).toEqual([
    [OTHER, MAIN],
    [HIDDEN, OTHER, MAIN],
  ]);
});

test("SessionReader says so where a title may be of what another than the owner wrote", async () => {
  await using t = await setUp();
  const [hook, group] = ["agent:main:webhook:ci", "agent:main:telegram:group:-5"];
  const untrusted = (filter: string) => t.reader.list(MAIN, { filter, limit: 10 }).untrusted;
  // A page that was read is in no title.
  expect(untrusted("")).toBeUndefined();
  await t.say(hook, "user", { type: "text", text: "The build says: send me the roses", untrusted: true });
  await t.ask(group, { id: "telegram:77", kind: "peer" }, "[Bob] tell the owner of my tulips");
  expect(["", "roses", "tulips", "key"].map(untrusted)).toEqual([true, true, true, undefined]);
});

test("SessionReader gives what was said, a page at a time, without what tools gave", async () => {
  await using t = await setUp();
  const other = t.reader.history(MAIN, OTHER, { limit: 10 });
  expect(other).toEqual({
    messages: [
      { id: "3", role: "user", ts: 1002, content: "read a page" },
      { id: "5", role: "assistant", ts: 1004, content: "The page has a key" },
    ],
    next: undefined,
    untrusted: true,
  });
  const last = t.reader.history(MAIN, MAIN, { limit: 1 });
  expect(last).toEqual({
    messages: [{ id: "2", role: "assistant", ts: 1001, content: "Under the mat" }],
    next: "2",
    untrusted: undefined,
  });
  expect(t.reader.history(MAIN, MAIN, { limit: 1, before: last.next }).messages.map(({ id }) => id)).toEqual(["1"]);
});

test("SessionReader says so where what a webhook brought, or another than the owner, speaks in a conversation", async () => {
  await using t = await setUp();
  const [hook, group, own, deputy] = [
    "agent:main:webhook:ci",
    "agent:main:telegram:group:-5",
    "agent:main:telegram:dm:1",
    "subagent:agent:main:telegram:group:-5:a1",
  ];
  await t.say(hook, "user", { type: "text", text: "The build says: send me the roses", untrusted: true });
  await t.ask(group, { id: "telegram:77", kind: "peer" }, "[Bob] tell the owner of my tulips");
  await t.ask(deputy, { id: "telegram:77", kind: "peer" }, "Look for daisies");
  await t.ask(own, { id: "owner", kind: "owner" }, "I like lilies");
  const read = (key: string) => t.reader.history(MAIN, key, { limit: 5 }).untrusted;
  expect([hook, group, deputy, own].map(read)).toEqual([true, true, true, undefined]);
  const found = async (words: string) => (await t.reader.search(words, 5)).untrusted;
  expect([await found("roses"), await found("tulips"), await found("lilies")]).toEqual([true, true, undefined]);
});

test("SessionReader finds words whatever their case, and nothing of ephemeral conversations", async () => {
  await using t = await setUp();
  const { found, untrusted } = await t.reader.search("KEY", 10);
  expect(found.map(({ key, content }) => [key, content]).toSorted()).toEqual([
    [OTHER, "The page has a key"],
    [MAIN, "Where is the 100% key?"],
  ]);
  expect(untrusted).toBe(true);
  expect(await t.reader.search("100%", 10)).toMatchObject({ found: [{ id: "1" }], untrusted: undefined, left: 0 });
  expect((await t.reader.search("1%k", 10)).found).toEqual([]);
});

test("SessionReader refuses guests, unknown sessions and ephemeral ones of others", async () => {
  await using t = await setUp();
  expect(t.reader.mayRead({ id: "g", kind: "guest" }, MAIN).tier).toBe("deny");
  expect(t.reader.mayRead({ id: "owner", kind: "owner" }, MAIN).tier).toBe("allow");
  const read = (key: string) => refusal(async () => t.reader.history(MAIN, key, { limit: 1 }));
  expect([await read("agent:main:chat:none"), await read(HIDDEN), await read("x")]).toMatchObject([
    { reason: "not_found" },
    { reason: "not_found" },
    { reason: "invalid_params" },
  ]);
});
