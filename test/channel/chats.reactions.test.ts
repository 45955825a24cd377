/** The reaction that a message of a group has while it is worked on. */
import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import type { IncomingMessage } from "../../src/sdk/channel.ts";
import { testAgent } from "../support/agent.ts";
import { testChat } from "../support/chat.ts";
import { until } from "../support/until.ts";

const IN_GROUP: Partial<IncomingMessage> = { conversation: "g", group: { id: "G1", addressed: true } };
const POLICY = {
  ack_reaction: "👀",
  dm_policy: "open",
  groups: { G1: { require_mention: true, allow_from: ["*"] } },
} as const;

test("Chats shows by a reaction which messages of a group are worked on, and takes it away with the answer", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { policy: POLICY, capabilities: { react: true } });
  const gate = Promise.withResolvers<void>();
  agent.fake.reply({ steps: [{ wait: gate.promise }, "Noon."] });
  await t.say("when?", { id: "1", ...IN_GROUP });
  await until(() => t.reactions.length === 1);
  expect(t.shown).toEqual([]);
  gate.resolve();
  await until(() => t.reactions.length === 2);
  expect(t.texts()).toEqual(["Noon."]);
  // Of a guest, too, though nothing of it is on disk.
  agent.fake.reply("Hello, guest.");
  await t.say("hi", { id: "2", ...IN_GROUP, sender: { id: "U2" } });
  await until(() => t.reactions.length === 4);
  expect(t.reactions).toEqual(["👀 1", "no 1", "👀 2", "no 2"]);
  await until(() => t.counts().waiting === 0);
  expect(t.counts()).toEqual({ waiting: 0, failed: 0 });
});

test.each([
  ["to who writes alone", {}, { react: true }, {}],
  ["where the place has no reactions", IN_GROUP, { react: false }, {}],
  ["without one in the table", IN_GROUP, { react: true }, { ack_reaction: undefined }],
])("Chats shows no reaction %s", async (_, message, capabilities, policy) => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { policy: { ...POLICY, ...policy }, capabilities });
  agent.fake.reply("Noon.");
  await t.say("when?", message);
  await until(() => t.shown.length === 1 && t.counts().waiting === 0);
  expect(t.reactions).toEqual([]);
});

test("Chats takes away after a restart the reaction that an earlier process left", async () => {
  await using agent = await testAgent();
  agent.fake.reply("Noon.");
  const { id } = await agent.send("when?", { session_key: "agent:main:chat:group:G1" });
  agent.store.db
    .query(
      "INSERT INTO channel_inbox (channel, message_id, conversation, session_key, request, run_id, received_at) VALUES ('chat', '7', 'g', 'agent:main:chat:group:G1', NULL, ?, ?)",
    )
    .run(id, Date.now());
  await using t = await testChat(agent, { policy: POLICY, capabilities: { react: true } });
  t.connect(true);
  await until(() => t.reactions.length === 1);
  expect([t.texts(), t.reactions]).toEqual([["Noon."], ["no 7"]]);
});

test("Chats answers though the place refuses the reaction, and gives up soon one that it cannot take away", async () => {
  await using agent = await testAgent();
  const asked: string[] = [];
  await using t = await testChat(agent, {
    policy: POLICY,
    capabilities: { react: true },
    onReact(id, emoji) {
      asked.push(`${emoji} ${id}`);
      if (id === "1") throw new AlephError("forbidden", "The bot may not react");
      throw new Error("gateway is away");
    },
  });
  agent.fake.reply("First.", "Second.", "Third.");
  await t.say("a", { id: "1", ...IN_GROUP });
  await until(() => t.shown.length === 1 && t.counts().waiting === 0);
  expect(asked).toEqual(["👀 1", "null 1"]);
  await t.say("b", { id: "2", ...IN_GROUP });
  await t.say("c", { id: "3", conversation: "g" });
  await until(() => t.shown.length === 3 && t.counts().waiting === 0, 20_000);
  expect(asked.slice(2)).toEqual(["👀 2", "null 2", "null 2", "null 2"]);
  expect(t.counts()).toEqual({ waiting: 0, failed: 0 });
});
