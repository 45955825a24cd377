import { expect, test } from "bun:test";
import { eventSchemas } from "../../src/protocol/events.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { webchatRuns } from "../support/webchat.ts";

test("webchat puts a message into the owner's session, shows it at once and keeps it over a restart", async () => {
  await using folder = await testFolder();
  let shown: unknown;
  {
    await using t = await testApp({ home: folder.path });
    await webchatRuns(t.client);
    await t.client.call("session.create", { session_key: MAIN });
    using other = await t.connect();
    const events = await collectEvents(other, "session.*");
    const { message_id } = await t.client.call("interface.send", {
      interface: "webchat",
      target: MAIN,
      message: "The kettle boils",
    });
    const event = await events.until(({ topic }) => topic === "session.message");
    shown = eventSchemas["session.message"].parse(event.data).message;
    expect(shown).toEqual({
      id: message_id,
      role: "assistant",
      content: "The kettle boils",
      parts: [{ type: "text", text: "The kettle boils" }],
      run_id: null,
      status: "complete",
      ts: expect.any(Number),
      model: null,
    });
  }
  await using again = await testApp({ home: folder.path });
  const { messages } = await again.client.call("session.history", { session_key: MAIN });
  expect(messages as unknown).toEqual([shown]);
});

test("webchat's message is part of the conversation: the model sees it in the next run", async () => {
  await using t = await conversation();
  await webchatRuns(t.client);
  t.fake.reply("Hello.", "Tea.");
  await t.client.call("session.send", { message: "Hi" });
  await t.client.call("interface.send", { interface: "webchat", target: MAIN, message: "The kettle boils" });
  await t.client.call("session.send", { message: "What now?" });
  const seen = t.fake.requests[1]!.body.messages.map(({ role, content }: { role: string; content: unknown }) => [
    role,
    content,
  ]);
  expect(seen.slice(1)).toEqual([
    ["user", "Hi"],
    ["assistant", "Hello."],
    ["assistant", "The kettle boils"],
    ["user", "What now?"],
  ]);
});

test("webchat keeps a message for an ephemeral session off the disk", async () => {
  await using folder = await testFolder();
  const key = "agent:main:ephemeral:one";
  {
    await using t = await testApp({ home: folder.path });
    await webchatRuns(t.client);
    await t.client.call("session.create", { session_key: key });
    await t.client.call("interface.send", { interface: "webchat", target: key, message: "quietly-said" });
    const { messages } = await t.client.call("session.history", { session_key: key });
    expect(messages.map(({ content }) => content)).toEqual(["quietly-said"]);
  }
  const bytes = await Bun.file(`${folder.path}/aleph.db`).text();
  expect(bytes).not.toContain("quietly-said");
});

test.each([
  ["a session that is not there", "agent:main:chat:none", "not_found"],
  ["what is not a session key", "somewhere", "invalid_params"],
])("webchat refuses %s", async (_, target, reason) => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const sending = t.client.call("interface.send", { interface: "webchat", target, message: "x" });
  await expect(sending).rejects.toMatchObject({ reason });
});
