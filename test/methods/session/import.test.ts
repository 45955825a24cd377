import { expect, test } from "bun:test";
import { readAleph } from "../../../src/import/aleph.ts";
import type { ImportedMessage } from "../../../src/protocol/imported.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { collectEvents, testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

const said = (entry: string, role: ImportedMessage["role"], parts: ImportedMessage["parts"], ts: number) =>
  ({ entry, role, parts, status: "complete", model: null, ts }) satisfies ImportedMessage;

const weather = {
  id: "b7300bff",
  title: "Weather",
  created_at: 1000,
  messages: [
    said("m1", "user", [{ type: "text", text: "Rain today?" }], 2000),
    said("m2", "assistant", [{ type: "tool_call", call_id: "c", tool: "web", args: {} }], 3000),
    said("m3", "tool", [{ type: "tool_result", call_id: "c", tool: "web", status: "ok", text: "Rain" }], 4000),
    said("m4", "assistant", [{ type: "text", text: "Yes" }], 5000),
  ],
};
const key = "agent:main:chat:openclaw-b7300bff";
const params = { source: "openclaw" as const, conversations: [weather] };

const shown = ({ id: _, run_id: __, ...rest }: Message) => rest;

test("session.import takes in a conversation once, with its dates, and trusts nothing that a tool gave there", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  const { events } = await collectEvents(t.client, "session.*");
  const outcome = { id: "b7300bff", session_key: key };
  expect(await call("session.import", { ...params, dry_run: true })).toEqual({
    conversations: [{ ...outcome, created: true, imported: 4, updated: 0, known: 0 }],
  });
  expect((await call("session.list", {})).sessions).toEqual([]);
  expect(await call("session.import", params)).toEqual({
    conversations: [{ ...outcome, created: true, imported: 4, updated: 0, known: 0 }],
  });
  for (const dry_run of [true, false]) {
    expect(await call("session.import", { ...params, dry_run })).toEqual({
      conversations: [{ ...outcome, created: false, imported: 0, updated: 0, known: 4 }],
    });
  }
  expect(await call("session.get", { session_key: key })).toMatchObject({
    title: "Weather",
    kind: "owner",
    created_at: 1000,
    updated_at: 5000,
    message_count: 4,
  });
  const { messages } = await call("session.history", { session_key: key });
  expect(messages.map(({ role, parts, ts, run_id }) => ({ role, parts, ts, run_id }))).toEqual(
    weather.messages.map(({ role, parts, ts }) => ({
      role,
      parts: parts.map((part) => (part.type === "tool_result" ? { ...part, untrusted: true as const } : part)),
      ts,
      run_id: null,
    })),
  );
  expect(events.map(({ topic }) => topic)).toEqual(["session.created"]);
  const { messages: found } = await call("session.search", { query: "rain" });
  expect(found.map(({ session_key, role }) => [session_key, role])).toEqual([[key, "user"]]);
});

test("session.import takes in what was said since, and what has grown", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  await call("session.import", params);
  const grown = { ...weather.messages[3]!, parts: [{ type: "text" as const, text: "Yes, from noon on" }] };
  const messages = [
    ...weather.messages.slice(0, 3),
    grown,
    said("m5", "user", [{ type: "text", text: "Thanks" }], 6000),
  ];
  const { conversations } = await call("session.import", { ...params, conversations: [{ ...weather, messages }] });
  expect(conversations).toEqual([
    { id: "b7300bff", session_key: key, created: false, imported: 1, updated: 1, known: 3 },
  ]);
  const history = await call("session.history", { session_key: key });
  expect(history.messages.slice(2).map(({ content, ts }) => [content, ts])).toEqual([
    ["Rain", 4000],
    ["Yes, from noon on", 5000],
    ["Thanks", 6000],
  ]);
});

test("session.import makes a session that goes on like any other", async () => {
  await using t = await conversation();
  const { messages } = weather;
  await t.client.call("session.import", { ...params, conversations: [{ ...weather, messages: messages.slice(0, 2) }] });
  t.fake.reply("Take an umbrella");
  const { text } = await t.client.call("session.send", { session_key: key, message: "And tomorrow?" });
  expect(text).toBe("Take an umbrella");
  // A call whose result is missing is given one: no provider takes it otherwise.
  const roles = (t.fake.requests.at(-1)!.body as { messages: { role: string }[] }).messages.map(({ role }) => role);
  expect(roles).toEqual(["system", "user", "assistant", "tool", "user"]);
});

test("session.import of what session.export wrote gives the same messages", async () => {
  await using t = await conversation();
  t.fake.reply([{ tool_call: { id: "c1", name: "write", args: { path: "a.md", content: "# ü" } } }], "Done.");
  await t.client.call("session.send", { message: "Write\nit" });
  const { content } = await t.client.call("session.export", { session_key: MAIN, format: "jsonl" });
  const { conversations, faults } = readAleph(content);
  expect(faults).toEqual([]);
  const again = { source: "aleph" as const, conversations: [...conversations] };
  const [outcome] = (await t.client.call("session.import", again)).conversations;
  expect(outcome).toMatchObject({ created: true, imported: 4, known: 0 });
  const history = async (session_key: string) => (await t.client.call("session.history", { session_key })).messages;
  expect((await history(outcome!.session_key)).map(shown)).toEqual((await history(MAIN)).map(shown));
  expect((await t.client.call("session.import", again)).conversations).toEqual([
    { ...outcome!, created: false, imported: 0, known: 4 },
  ]);
});

test("session.import refuses what is no message, an agent that cannot be, and takes nothing of it", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  const broken = { ...weather, messages: [{ ...weather.messages[0]!, role: "root" as never }] };
  expect(await refusal(() => call("session.import", { ...params, conversations: [weather, broken] }))).toMatchObject({
    reason: "invalid_params",
  });
  expect(await refusal(() => call("session.import", { ...params, agent: "a:b" }))).toMatchObject({
    reason: "invalid_params",
  });
  expect((await call("session.list", {})).sessions).toEqual([]);
});

test("session.import takes a conversation in again whose session was deleted", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  await call("session.import", params);
  await call("session.delete", { session_key: key });
  const { conversations } = await call("session.import", params);
  expect(conversations).toMatchObject([{ created: true, imported: 4, known: 0 }]);
});
