import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { placePrompt } from "../../src/agent/place.ts";
import { conversation, MAIN } from "../support/conversation.ts";

const CAPABILITIES = { edit: true, react: false, typing: true, files: false, threads: true, buttons: true };

test("placePrompt tells what a chat can show", () => {
  expect(placePrompt({ interface: "irc", capabilities: CAPABILITIES, limits: { message: 400 } })).toBe(
    "The person reads your answer in a chat (irc), often on a phone: be brief, use Markdown sparingly and no wide tables. " +
      "A message holds 400 characters; a longer answer comes in several. " +
      "Files cannot be sent there: say what is in them. What is said in a thread is answered there.",
  );
});

test("a model is told of the chat that a message came over, and of none when it came from elsewhere", async () => {
  await using t = await conversation();
  t.fake.reply("One", "Two");
  await t.client.call("session.send", { message: "Hi", session_key: MAIN });
  {
    using db = new Database(join(t.home.path, "aleph.db"), { strict: true });
    db.run("PRAGMA busy_timeout = 30000");
    db.query(
      "INSERT INTO channel_inbox (channel, message_id, conversation, session_key, request, received_at) VALUES (?, ?, ?, ?, ?, ?)",
    ).run("telegram", "1", "dm", MAIN, null, Date.now());
  }
  await t.client.call("session.send", { message: "Hi again", session_key: MAIN });
  const [before, after] = t.fake.requests.map(({ body }) => String(body.messages[0].content));
  expect(before).not.toContain("reads your answer in a chat");
  expect(after).toContain("The person reads your answer in a chat (telegram)");
  expect(after).toContain("A message holds 4096 characters");
});
