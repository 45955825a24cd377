import { expect, test } from "bun:test";
import { discord } from "../../../src/channels/discord/discord.ts";
import { openStore } from "../../../src/store/store.ts";
import { collectEvents } from "../../support/app.ts";
import { DISCORD, fakeDiscord } from "../../support/discord.ts";
import { testLog } from "../../support/log.ts";
import { until } from "../../support/until.ts";
import { LATE, setUp } from "./set-up.ts";

const { owner, stranger, channel, thread, guild } = DISCORD;

test("discord answers its owner as an answer to what was written, and pings nobody", async () => {
  await using t = await setUp();
  t.fake.reply("It is **noon**, @everyone.");
  const { id, channel_id } = t.discord.say("what time is it?");
  await until(() => t.discord.texts()[0] === "It is **noon**, @everyone.");
  expect(t.discord.messages).toMatchObject([
    { channel: channel_id, reply_to: id, allowed_mentions: { parse: [], replied_user: false }, flags: 4 },
  ]);
  expect(t.discord.count(`POST /channels/${channel_id}/typing`)).toBeGreaterThan(0);
  const { messages } = await t.client.call("session.history", { session_key: `agent:main:discord:dm:${owner.id}` });
  expect(messages.map(({ content }) => content)).toEqual(["what time is it?", "It is **noon**, @everyone."]);
});

test("discord gives a stranger a code and nothing else, and takes him when he was let in", async () => {
  await using t = await setUp();
  t.fake.reply("Welcome, Eve.");
  t.discord.say("hello?", { user: stranger });
  await until(() => t.discord.messages.length === 1);
  const { pairings } = await t.client.call("auth.pairing.list", {});
  expect(pairings).toMatchObject([{ kind: "peer", name: "Eve", device_id: `discord:${stranger.id}` }]);
  expect(t.discord.texts()[0]).toContain(`aleph pairing approve ${pairings[0]!.code}`);
  await t.client.call("auth.pairing.approve", { pairing: pairings[0]!.code });
  t.discord.say("hello!", { user: stranger });
  await until(() => t.discord.texts().includes("Welcome, Eve."));
  expect(t.fake.requests).toHaveLength(1);
});

test("discord hears in a server what names it or answers it, in threads too, and nobody else's bots", async () => {
  await using t = await setUp({ stream: false });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const answer = { type: 19, referenced_message: { author: DISCORD.bot } };
  t.discord.say("just chatting", { channel });
  t.discord.say("I too am a bot", { channel, ...answer, user: { ...stranger, bot: true } });
  t.discord.say("a hook", { channel, ...answer, webhook_id: "1" });
  t.discord.say("joined", { channel, ...answer, type: 7 });
  t.discord.say("let me in", { channel, ...answer, user: stranger });
  const { content } = t.discord.named("what says <@200000000000000002>?");
  t.discord.say(content, { channel: thread, mentions: [DISCORD.bot, stranger] });
  await until(() => t.discord.messages.length === 1);
  t.discord.say("and then?", { channel, ...answer });
  await until(() => t.discord.messages.length === 2);
  expect(t.discord.messages.map((each) => [each.channel, each.content])).toEqual([
    [thread, "Answer to [Ada] what says @Eve?"],
    [channel, "Answer to [Ada] and then?"],
  ]);
  const { sessions } = await t.client.call("session.list", {});
  expect(sessions.map(({ session_key }) => session_key).toSorted()).toEqual([
    `agent:main:discord:group:${channel}`,
    `agent:main:discord:group:${channel}:thread:${thread}`,
  ]);
  expect(t.fake.requests).toHaveLength(2);
});

test("discord listens in the servers that it is given, by the rules of a server or of a channel", async () => {
  await using elsewhere = await setUp({ stream: false, guilds: ["300000000000000009"] });
  elsewhere.fake.reply("In private.");
  elsewhere.discord.say("hi", { channel, ...elsewhere.discord.named("hi") });
  elsewhere.discord.command("ask", "hi", { channel });
  elsewhere.discord.say("hi");
  await until(() => elsewhere.discord.messages.length === 1);
  expect([elsewhere.discord.texts(), elsewhere.discord.count("POST /interactions")]).toEqual([["In private."], 0]);

  await using t = await setUp({
    stream: false,
    guilds: [guild],
    groups: { [guild]: { require_mention: false }, [thread]: { require_mention: true } },
  });
  t.fake.reply("Heard.");
  t.discord.say("to nobody", { channel });
  await until(() => t.discord.messages.length === 1);
  expect(t.discord.texts()).toEqual(["Heard."]);
});

test("discord shows a long answer while it grows, in several messages with whole code blocks", async () => {
  await using t = await setUp();
  const gate = Promise.withResolvers<void>();
  const code = Array.from({ length: 200 }, (_, at) => `let value${at} = ${at};`).join("\n");
  t.fake.reply({ steps: ["Here it comes. ", { wait: gate.promise }, `\n\n\`\`\`js\n${code}\n\`\`\`\n\nThat is all.`] });
  t.discord.say("long one");
  await until(() => t.discord.texts()[0] === "Here it comes.");
  gate.resolve();
  await until(() => t.discord.texts().at(-1)?.endsWith("That is all."), LATE);
  expect(t.discord.messages.length).toBeGreaterThan(1);
  for (const { content } of t.discord.messages) {
    expect(content.length).toBeLessThanOrEqual(2000);
    expect(content.split("```").length % 2).toBe(1);
  }
  expect(t.discord.count("PATCH /channels")).toBeGreaterThan(0);
});

test("discord waits as long as it is asked to, keeps to the buckets, and sends what was not taken once", async () => {
  await using t = await setUp({ stream: false }, { perSecond: 2 });
  t.discord.fail("POST /channels/9", t.discord.limited(1), () => "hang up");
  t.fake.reply(Array.from({ length: 4 }, (_, at) => `${at} ${"word ".repeat(380)}`).join("\n\n"));
  t.discord.say("hi");
  await until(() => t.discord.messages.length === 4, LATE);
  expect(t.discord.texts().map((text) => text[0])).toEqual(["0", "1", "2", "3"]);
});

test("discord sends again what was lost on its way back, and Discord knows it", async () => {
  await using t = await setUp({ stream: false });
  t.fake.reply("Once.", "Once.");
  t.discord.fail(
    "POST /channels/9",
    () => undefined,
    () => "lose",
  );
  t.discord.say("hi");
  await until(() => t.discord.lost() === 1, LATE);
  await until(() => t.discord.count("POST /channels/9") >= 3, LATE);
  expect(t.discord.texts()).toEqual(["Once."]);
  t.discord.say("again");
  await until(() => t.discord.messages.length === 2, LATE);
  expect(t.discord.texts()).toEqual(["Once.", "Once."]);
});

test("discord says the whole in the message whose beginning was lost on its way back", async () => {
  await using t = await setUp();
  const gate = Promise.withResolvers<void>();
  t.fake.reply({ steps: ["One. ", { wait: gate.promise }, "Two."] });
  t.discord.fail(
    "POST /channels/9",
    () => undefined,
    () => "lose",
  );
  t.discord.say("count");
  await until(() => t.discord.lost() === 1, LATE);
  expect(t.discord.texts()).toEqual(["One."]);
  gate.resolve();
  await until(() => t.discord.texts()[0] === "One. Two.", LATE);
  expect(t.discord.messages).toHaveLength(1);
});

test("discord sends to a channel, or to a person by his id, and says what it cannot reach", async () => {
  await using t = await setUp();
  const send = (target: string) =>
    t.client.call("interface.send", { interface: "discord", target, message: "hi" }).catch((error) => error.reason);
  expect(await send(thread)).toMatchObject({ message_id: t.discord.messages[0]!.id });
  await send(owner.id);
  await send(owner.id);
  const place = t.discord.privateOf(owner.id);
  expect(t.discord.messages.map((each) => each.channel)).toEqual([thread, place, place]);
  expect(t.discord.count("POST /users/@me/channels")).toBe(1);
  expect(await send("../x")).toBe("not_found");
  expect(await send("400000000000000009")).toBe("not_found");
  const failures: [number, number, string][] = [
    [403, 50013, "forbidden"],
    [400, 50083, "forbidden"],
    [413, 40005, "payload_too_large"],
    [400, 50035, "invalid_params"],
    [500, 0, "overloaded"],
  ];
  for (const [status, code, reason] of failures) {
    t.discord.fail(`POST /channels/${channel}`, () => t.discord.refusal(status, code, "No"));
    expect(await send(channel)).toBe(reason);
  }
});

test("discord ends with its reason what it will never take, and says what comes after it", async () => {
  await using t = await setUp({ stream: false });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const refusals = [
    [403, 50001, "Missing Access"],
    [403, 50013, "Missing Permissions"],
    [403, 50007, "Cannot send messages to this user"],
    [404, 10003, "Unknown Channel"],
  ] as const;
  const place = `POST /channels/${channel}/messages`;
  for (const [status, code, said] of refusals) t.discord.fail(place, () => t.discord.refusal(status, code, said));
  const ended = () =>
    t.logs.flatMap(({ message, fields }) => (message === "message will not be sent" ? [fields.error] : []));
  for (const [at] of refusals.entries()) {
    const { content, mentions } = t.discord.named(`question ${at}`);
    t.discord.say(content, { channel, mentions });
    await until(() => ended().length === at + 1, LATE);
  }
  expect(ended()).toMatchObject(refusals.map(([, , message]) => `Discord says: ${message}`));
  const { content, mentions } = t.discord.named("the last");
  t.discord.say(content, { channel, mentions });
  await until(() => t.discord.messages.length === 1, LATE);
  expect(t.discord.texts()).toEqual(["Answer to [Ada] the last"]);
});

test("discord reacts to what is worked on in a server, and to what it is told to, with one reaction at a time", async () => {
  await using t = await setUp({ ack_reaction: "👀", stream: false });
  t.fake.reply("Noon.");
  const { content, mentions } = t.discord.named("when?");
  const { id } = t.discord.say(content, { channel, mentions });
  await until(() => t.discord.reactions.length === 2, LATE);
  expect([t.discord.texts(), t.discord.reactions]).toEqual([["Noon."], ["PUT 👀", "DELETE 👀"]]);
  const react = (message_id: string, emoji: string | null, target: string = channel) =>
    t.client
      .call("interface.react", { interface: "discord", target, message_id, emoji })
      .catch((error) => error.reason);
  for (const emoji of ["👍", "👍", "<:party:400000000000000077>", null, null]) await react(id, emoji);
  expect(t.discord.reactions.slice(2)).toEqual([
    "PUT 👍",
    "PUT party:400000000000000077",
    "DELETE 👍",
    "DELETE party:400000000000000077",
  ]);
  expect(await react(id, "thumbs")).toBe("invalid_params");
  expect(await react("400000000000000009", "👍")).toBe("not_found");
  expect(await react("command:7", "👍")).toBe("not_found");
  expect(await react(id, "👍", "../x")).toBe("not_found");
  t.discord.fail("PUT", () => t.discord.refusal(403, 50013, "Missing Permissions"));
  expect(await react(id, "👍")).toBe("forbidden");
});

test("discord sends files, ten in a message, and none twice", async () => {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(fakeDiscord());
  const { log } = testLog();
  const store = stack.use(openStore(":memory:", { log }));
  const stop = new AbortController();
  const table = { token: DISCORD.token, api_root: fake.apiRoot, commands: "none" };
  const needs = { commands: { words: async () => [] }, stores: { durable: store }, fetch };
  const chat = async () => ({
    receive: async () => ({ taken: true }),
    press: async () => ({ text: "", settled: true }),
    knows: () => true,
  });
  const host = { id: "discord", log, signal: stop.signal, chat };
  const open = stack.use(await discord.open(needs, discord.options!.parse(table), host));
  const files = Array.from({ length: 11 }, (_, at) => ({
    name: `${at}.txt`,
    type: "text/plain",
    load: async () => new TextEncoder().encode(`file ${at}`),
  }));
  const sent = await open.send(channel, "Here they are.", { files, key: "k".repeat(25) });
  expect(fake.messages.map(({ id, content, files }) => [id, content, files.length])).toEqual([
    [sent.id, "Here they are.", 10],
    [expect.any(String), "", 1],
  ]);
  expect(fake.messages[1]!.files).toEqual([{ name: "10.txt", text: "file 10" }]);
  // The same again, as when its answer was lost.
  await open.send(channel, "Here they are.", { files, key: "k".repeat(25) });
  expect(fake.messages).toHaveLength(2);
  expect(fake.count("PUT /applications")).toBe(0);
});

test("discord answers each of many who write at once, each in his place and in order", async () => {
  await using t = await setUp({ stream: false, dm_policy: "open" });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const people = Array.from({ length: 20 }, (_, at) => ({ ...stranger, id: `2100000000000000${10 + at}` }));
  for (const part of [1, 2, 3]) for (const user of people) t.discord.say(`${user.id} ${part}`, { user });
  await until(() => t.discord.messages.length === 60, LATE);
  for (const { id } of people) {
    const said = t.discord.messages.filter((each) => each.channel === t.discord.privateOf(id));
    expect(said.map(({ content }) => content)).toEqual([1, 2, 3].map((part) => `Answer to ${id} ${part}`));
  }
});

test("discord takes slash commands: at once for Discord, then with what was asked, and nothing of a stranger's", async () => {
  await using t = await setUp({ stream: false, commands: "guilds", guilds: [guild] });
  await until(() => t.discord.commands.size === 2);
  expect(t.discord.commands.get("")).toEqual([]);
  expect(t.discord.commands.get(guild)?.[0]).toMatchObject({
    name: "ask",
    type: 1,
    options: [{ type: 3, name: "text", required: true }],
  });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  t.discord.command("ask", "what now?", { channel });
  await until(() => t.discord.texts().at(-1) === "Answer to [Ada] what now?");
  const [shown, answer] = t.discord.messages;
  await until(() => shown!.content === "> what now?");
  expect([shown!.isLoading, answer!.reply_to, answer!.channel]).toEqual([false, shown!.id, channel]);
  t.discord.command("ask", "let me in", { channel, user: stranger });
  await until(() => t.discord.count("DELETE /webhooks") === 1);
  expect(t.discord.messages).toHaveLength(2);
  expect(t.fake.requests).toHaveLength(1);
});

test("discord offers every command that can be typed, and takes it as if it had been typed", async () => {
  await using t = await setUp({ stream: false });
  const offered = await until(() => t.discord.commands.get(""));
  const names = offered.map(({ name }) => name);
  const { commands } = await t.client.call("plugins.commands", {});
  expect(names).toEqual(["ask", ...commands.map(({ word }) => word)]);
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const gone = t.discord.command("unheard-of", "and more");
  await until(() => t.discord.texts().includes("Answer to /unheard-of and more"));
  await until(() => t.discord.texts()[0] === "> /unheard-of and more");
  // The same once more, as after a resume: it is known, and Discord has its answer.
  t.discord.gateway.dispatch("INTERACTION_CREATE", gone);
  await until(() => t.discord.count("POST /interactions") === 2);
  t.discord.say("next");
  await until(() => t.discord.texts().includes("Answer to next"));
  expect(t.fake.requests).toHaveLength(2);
});

test("discord answers a command that it could not show", async () => {
  await using t = await setUp({ stream: false });
  t.discord.fail("POST /interactions", () => t.discord.refusal(404, 10062, "Unknown interaction"));
  t.fake.reply("All the same.");
  t.discord.command("ask", "late?");
  await until(() => t.discord.messages.length === 1);
  expect(t.discord.messages).toMatchObject([{ content: "All the same.", reply_to: undefined }]);
});

test("discord shows an approval with its whole plan, and takes the answer by a button from who may give it", async () => {
  await using t = await setUp({ stream: false });
  const events = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "echo yes > out.txt" } } }], "Written.");
  t.discord.say("write it");
  await events.until(({ topic }) => topic === "approval.requested");
  const asked = await until(() => t.discord.messages[0]);
  expect(asked.content).toContain("command: echo yes > out.txt");
  expect(asked.buttons.map(({ label }) => label)).toEqual(["Once", "This session", "Deny"]);
  t.discord.press(asked, "Once", stranger);
  await until(() => t.discord.whispers.length === 1);
  expect([t.discord.whispers, asked.buttons.length]).toEqual([["You may not answer this"], 3]);
  t.discord.press(asked, "Once");
  await until(() => t.discord.texts().includes("Written."), LATE);
  await until(() => t.discord.whispers.length === 2);
  expect([t.discord.whispers[1], asked.buttons]).toEqual(["Allowed once", []]);
});

test("discord brings files from where Discord keeps them, and from nowhere else", async () => {
  await using t = await setUp({ stream: false });
  t.discord.files.set("/attachments/1/table.csv", new TextEncoder().encode("a,b\n1,2\n"));
  t.discord.files.set("/attachments/1/large.bin", new Uint8Array(20_000_001));
  const file = (filename: string, url = `${t.discord.origin}/attachments/1/${filename}`) => ({
    attachments: [{ id: "1", filename, size: 8, url, content_type: "text/csv; charset=utf-8" }],
  });
  const said = () => JSON.stringify(t.fake.requests.at(-1)!.body.messages.at(-1));
  t.fake.reply("Seen.");
  t.discord.say("sum it", file("table.csv"));
  await until(() => t.discord.texts().includes("Seen."));
  expect(said()).toContain("table.csv");
  const refused: [ReturnType<typeof file>, string][] = [
    [file("x.csv", "http://169.254.169.254/latest/meta-data"), "kept where Discord keeps no files"],
    [file("x.csv", "http://cdn.discordapp.com/x.csv"), "kept where Discord keeps no files"],
    [file("x.csv", "https://cdn.discordapp.com.evil.example/x.csv"), "kept where Discord keeps no files"],
    [file("x.csv", "https://me@cdn.discordapp.com/x.csv"), "kept where Discord keeps no files"],
    [file("gone.csv"), "Discord answers 404"],
    [file("large.bin"), "larger than 20 MB"],
  ];
  for (const [at, [attachment, why]] of refused.entries()) {
    t.fake.reply(`Refused ${at}.`);
    t.discord.say("", attachment);
    await until(() => t.discord.texts().includes(`Refused ${at}.`));
    expect(said()).toContain(why);
  }
});

test("discord goes on with an answer when the connection breaks in its middle, and takes what was written meanwhile", async () => {
  await using t = await setUp();
  const gate = Promise.withResolvers<void>();
  t.fake.reply({ steps: ["One. ", { wait: gate.promise }, "Two."] }, "And three.");
  t.discord.say("count");
  await until(() => t.discord.texts()[0] === "One.");
  t.discord.gateway.cut();
  await until(() => t.discord.gateway.open() === 0);
  t.discord.say("go on");
  gate.resolve();
  await until(() => t.discord.texts().some((text) => text.includes("Two.")), LATE);
  await until(() => t.discord.gateway.seen.resume === 1, LATE);
  await until(() => t.discord.texts().some((text) => text.includes("And three.")), LATE);
  expect([t.discord.gateway.seen.identify, (await t.status()).state]).toEqual([1, "running"]);
});
