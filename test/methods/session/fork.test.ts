import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

const texts = ({ messages }: { messages: readonly { content: string }[] }) => messages.map(({ content }) => content);

test("session.fork copies a session up to a message, and what comes then is its own", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("One", "Two", "Three");
  await call("session.send", { message: "First", session_key: MAIN });
  await call("session.send", { message: "Second", session_key: MAIN });
  const { messages } = await call("session.history", { session_key: MAIN });
  const fork = await call("session.fork", { session_key: MAIN, before: messages[2]!.id, title: "Another way" });
  expect(fork).toMatchObject({ kind: "owner", agent: "main", title: "Another way", active_run: null });
  expect(fork.session_key).toMatch(/^agent:main:chat:/);
  await call("session.send", { message: "Otherwise", session_key: fork.session_key });
  expect(t.fake.requests[2]!.body.messages.slice(1)).toEqual([
    { role: "user", content: "First" },
    { role: "assistant", content: "One" },
    { role: "user", content: "Otherwise" },
  ]);
  expect(texts(await call("session.history", { session_key: fork.session_key }))).toEqual([
    "First",
    "One",
    "Otherwise",
    "Three",
  ]);
  expect(texts(await call("session.history", { session_key: MAIN }))).toEqual(["First", "One", "Second", "Two"]);
  const whole = await call("session.fork", { session_key: MAIN });
  expect(texts(await call("session.history", { session_key: whole.session_key }))).toHaveLength(4);
  const upTo = await call("session.fork", { session_key: MAIN, at: messages[1]!.id });
  expect(texts(await call("session.history", { session_key: upTo.session_key }))).toEqual(["First", "One"]);
});

test("session.fork parts no call from its result, and knows no session or message that there is not", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply([{ tool_call: { id: "c1", name: "time", args: {} } }], "Late");
  await call("session.send", { message: "How late is it?", session_key: MAIN });
  const { messages } = await call("session.history", { session_key: MAIN });
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  const fork = (cut: { before?: string; at?: string }, session_key = MAIN) =>
    refusal(() => t.client.call("session.fork", { session_key, ...cut }));
  expect(await fork({ at: messages[1]!.id })).toMatchObject({
    reason: "conflict",
    message: "A tool call would be parted from its result",
  });
  expect(await fork({ before: messages[2]!.id })).toMatchObject({ reason: "conflict" });
  expect(await fork({ before: "999" })).toMatchObject({ reason: "not_found" });
  expect(await fork({}, "agent:main:chat:none")).toMatchObject({ reason: "not_found" });
  expect(await fork({ before: "1", at: "2" })).toMatchObject({ reason: "invalid_params" });
});
