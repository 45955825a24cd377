import { expect, test } from "bun:test";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { kindOf } from "../../src/session/sessions.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";

test("sessions of every key form are made and found by their one spelling", async () => {
  await using t = await testApp();
  const keys = [
    "agent:main:main",
    "agent:main:telegram:dm:user123",
    "agent:main:discord:group:guild-id",
    "agent:main:discord:group:guild-id:thread:t1",
    "agent:main:cron:daily-summary",
    "agent:main:hook:h1",
    "agent:main:chat:c1",
    "agent:main:ephemeral:e1",
    "subagent:agent:main:translator",
  ];
  for (const session_key of keys)
    expect((await t.client.call("session.create", { session_key })).session_key).toBe(session_key);
  const { sessions } = await t.client.call("session.list", {});
  expect(sessions.map(({ session_key }) => session_key).toSorted()).toEqual(keys.toSorted());
  const twin = await t.client
    .call("session.create", { session_key: "subagent:agent:main:main:translator" })
    .catch((thrown: unknown) => thrown);
  expect(twin).toMatchObject({ reason: "conflict" });
});

test("session.list pages by time and finds by key and title", async () => {
  let now = 1_000_000;
  await using t = await testApp({ now: () => now });
  for (const id of ["a", "b", "c"]) {
    now += 1000;
    await t.client.call("session.create", { session_key: `agent:main:chat:${id}`, title: `About ${id}_%` });
  }
  const first = await t.client.call("session.list", { limit: 2 });
  expect(first.sessions.map(({ session_key }) => session_key)).toEqual(["agent:main:chat:c", "agent:main:chat:b"]);
  const second = await t.client.call("session.list", { limit: 2, before: first.next! });
  expect(second.sessions.map(({ session_key }) => session_key)).toEqual(["agent:main:chat:a"]);
  expect((await t.client.call("session.list", { filter: "b_%" })).sessions).toHaveLength(1);
  expect((await t.client.call("session.list", { filter: "CHAT:c" })).sessions).toHaveLength(1);
  expect((await t.client.call("session.list", { filter: "%%" })).sessions).toHaveLength(0);
});

test("session.patch changes what it names, and null goes back", async () => {
  await using t = await testApp();
  const events = await collectEvents(t.client, "session.*");
  await t.client.call("session.create", { session_key: MAIN, title: "Old", model: "demo/demo", thinking: "low" });
  const patched = await t.client.call("session.patch", { session_key: MAIN, title: "New", model: null });
  expect(patched).toMatchObject({ title: "New", model: null, thinking: "low" });
  expect(events.events.map(({ topic }) => topic)).toEqual(["session.created", "session.updated"]);
});

test("session.delete takes history, runs and kept events with it, and stops what runs", async () => {
  await using t = await conversation();
  t.fake.reply({ steps: ["words"], end: "silence" });
  const events = await collectEvents(t.client);
  const { run_id } = await t.client.call("agent.run", { message: "go" });
  await events.until(({ topic }) => topic === "stream.chunk");
  await t.client.call("session.delete", { session_key: MAIN });
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
  for (const call of [
    () => t.client.call("session.get", { session_key: MAIN }),
    () => t.client.call("session.history", { session_key: MAIN }),
    () => t.client.call("runs.get", { run_id }),
  ]) {
    expect(await call().catch((thrown: unknown) => thrown)).toMatchObject({ reason: "not_found" });
  }
});

test("deleting one session leaves the others as they are", async () => {
  await using t = await conversation();
  t.fake.answer(() => "ok");
  await t.client.call("session.send", { message: "a", session_key: "agent:main:chat:a" });
  await t.client.call("session.send", { message: "b", session_key: "agent:main:chat:b" });
  await t.client.call("session.delete", { session_key: "agent:main:chat:a" });
  const { sessions } = await t.client.call("session.list", {});
  expect(sessions.map(({ session_key }) => session_key)).toEqual(["agent:main:chat:b"]);
  expect((await t.client.call("session.history", { session_key: "agent:main:chat:b" })).messages).toHaveLength(2);
});

test("kindOf tells guests, the people of a chat and the owner's own conversations apart", () => {
  const kinds = ["agent:main:main", "agent:main:telegram:dm:1", "agent:main:discord:group:2", "subagent:agent:main:x"];
  expect(kinds.map((key) => kindOf(key, OWNER_GRANT))).toEqual(["owner", "paired", "paired", "owner"]);
  const guest = { sessionKey: "agent:main:ephemeral:x", tools: [] };
  expect(kindOf("agent:main:ephemeral:x", { guest })).toBe("guest");
});
