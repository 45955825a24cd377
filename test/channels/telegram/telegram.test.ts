import { expect, test } from "bun:test";
import { join } from "node:path";
import { telegram } from "../../../src/channels/telegram/telegram.ts";
import type { ConfigInput } from "../../../src/config/schema.ts";
import { collectEvents } from "../../support/app.ts";
import { conversation } from "../../support/conversation.ts";
import { testLog } from "../../support/log.ts";
import { PNG_BASE64, startOpenAiFake } from "../../support/providers/openai.ts";
import { fakeTelegram, TELEGRAM } from "../../support/telegram.ts";
import { until } from "../../support/until.ts";

async function setUp(table: Record<string, unknown> = {}, config: ConfigInput = {}) {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(fakeTelegram());
  const app = stack.use(
    await conversation({
      config: {
        ...config,
        interfaces: {
          ...config.interfaces,
          telegram: {
            token: TELEGRAM.token,
            api_root: telegram.url,
            allow_from: [String(TELEGRAM.owner.id)],
            ...table,
          },
        },
      },
    }),
  );
  const state = async () => (await app.client.call("interface.status", { interface: "telegram" })).state;
  const owned = stack.move();
  return { ...app, telegram, state, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("telegram answers its owner, in Telegram's formats, as an answer to what was written", async () => {
  await using t = await setUp();
  t.fake.reply("It is **noon**: `12:00`.");
  const { message } = t.telegram.say("what time is it?");
  await until(() => t.telegram.messages[0]?.text === "It is noon: 12:00.");
  await until(() => t.telegram.messages[0]?.entities.length === 2);
  expect(t.telegram.messages).toMatchObject([
    { chat: TELEGRAM.owner.id, reply_to: message!.message_id, entities: [{ type: "bold" }, { type: "code" }] },
  ]);
  expect(t.telegram.count("sendChatAction")).toBeGreaterThan(0);
  const { messages } = await t.client.call("session.history", { session_key: "agent:main:telegram:dm:1001" });
  expect(messages.map(({ content }) => content)).toEqual(["what time is it?", "It is **noon**: `12:00`."]);
});

test("telegram asks for updates again only when what they brought is on disk, and takes none twice", async () => {
  await using t = await setUp({ stream: false });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const { message } = t.telegram.say("one");
  await until(() => t.telegram.messages.length === 1);
  await until(() => t.telegram.updates.length === 0);
  // Telegram gives it once more, as after a crash before the next call.
  t.telegram.say("one", { message_id: message!.message_id });
  t.telegram.say("two");
  await until(() => t.telegram.messages.length === 2);
  expect(t.telegram.texts()).toEqual(["Answer to one", "Answer to two"]);
});

test("telegram hears the others while somebody's file is on its way, and takes it once", async () => {
  await using t = await setUp({ stream: false, dm_policy: "open" });
  t.fake.answer(({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1).content)}`);
  const arrives = Promise.withResolvers<void>();
  t.telegram.holdFiles(arrives.promise);
  t.telegram.files.set("doc1", new TextEncoder().encode("large"));
  const document = { file_id: "doc1", file_unique_id: "1", file_name: "large.txt", mime_type: "text/plain" };
  t.telegram.say("", { text: undefined, caption: "look", document } as never);
  await until(() => t.telegram.count("getFile") === 1);
  t.telegram.say("behind it");
  t.telegram.say("hello", { user: TELEGRAM.stranger });
  await until(() => t.telegram.texts().length === 1);
  expect(t.telegram.texts()).toEqual(['Answer to "hello"']);
  arrives.resolve();
  await until(() => t.telegram.texts().length === 3);
  await until(() => t.telegram.updates.length === 0);
  expect(t.telegram.texts()[1]).toContain("large.txt");
  expect([t.telegram.texts()[2], t.telegram.count("getFile")]).toEqual(['Answer to "behind it"', 1]);
});

test("telegram gives a stranger a code and nothing else, and takes him when he was let in", async () => {
  await using t = await setUp();
  t.fake.reply("Welcome, Eve.");
  t.telegram.say("hello?", { user: TELEGRAM.stranger });
  await until(() => t.telegram.messages.length === 1);
  const { pairings } = await t.client.call("auth.pairing.list", {});
  expect(pairings).toMatchObject([{ kind: "peer", name: "Eve", device_id: "telegram:2002", address: "telegram" }]);
  expect(t.telegram.texts()[0]).toContain(`aleph pairing approve ${pairings[0]!.code}`);
  await t.client.call("auth.pairing.approve", { pairing: pairings[0]!.code });
  t.telegram.say("hello!", { user: TELEGRAM.stranger });
  await until(() => t.telegram.texts().includes("Welcome, Eve."));
  expect(t.fake.requests).toHaveLength(1);
});

test("telegram hears in a group what names it or answers it, in topics too, and nothing else", async () => {
  await using t = await setUp({ stream: false });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const group = TELEGRAM.group;
  t.telegram.say("just chatting", { group });
  t.telegram.say("", { group, ...t.telegram.named("what now?"), message_thread_id: 7, is_topic_message: true });
  await until(() => t.telegram.messages.length === 1);
  const answer = { message_id: 1, date: 1, from: TELEGRAM.bot } as never;
  t.telegram.say("and then?", { group, reply_to_message: answer });
  t.telegram.say("me too", { group, user: TELEGRAM.stranger, reply_to_message: answer });
  t.telegram.say("/stop@other_bot", { group, entities: [{ type: "bot_command", offset: 0, length: 15 }] });
  await until(() => t.telegram.messages.length === 2);
  await until(() => t.telegram.updates.length === 0);
  expect(t.telegram.messages.map(({ chat, thread, text }) => [chat, thread, text])).toEqual([
    [group, 7, "Answer to [Ada L.] what now?"],
    [group, undefined, "Answer to [Ada L.] and then?"],
  ]);
  const { sessions } = await t.client.call("session.list", {});
  expect(sessions.map(({ session_key }) => session_key).toSorted()).toEqual([
    "agent:main:telegram:group:-100500",
    "agent:main:telegram:group:-100500:thread:7",
  ]);
  expect(t.fake.requests).toHaveLength(2);
});

test("telegram shows a long answer while it grows, in several messages with whole code blocks", async () => {
  await using t = await setUp();
  const gate = Promise.withResolvers<void>();
  const code = Array.from({ length: 300 }, (_, at) => `let value${at} = ${at};`).join("\n");
  t.fake.reply({ steps: ["Here it comes. ", { wait: gate.promise }, `\n\n\`\`\`js\n${code}\n\`\`\`\n\nThat is all.`] });
  t.telegram.say("long one");
  await until(() => t.telegram.texts()[0] === "Here it comes.");
  gate.resolve();
  await until(() => t.telegram.texts().at(-1)?.endsWith("That is all."));
  expect(t.telegram.messages.length).toBeGreaterThan(1);
  for (const { text, entities } of t.telegram.messages) {
    expect(text.length).toBeLessThanOrEqual(4096);
    expect(text).not.toContain("```");
    expect(entities.map(({ type }) => type)).toContain("pre");
  }
});

test("telegram waits as long as it is asked to, and sends again what was not taken", async () => {
  await using t = await setUp({ stream: false });
  t.telegram.fail(
    "sendMessage",
    () => ({ code: 429, description: "Too Many Requests: retry after 1", parameters: { retry_after: 1 } }),
    () => "hang up",
  );
  t.fake.reply("At last.");
  t.telegram.say("hi");
  await until(() => t.telegram.messages.length === 1, 20_000);
  expect([t.telegram.texts(), t.telegram.count("sendMessage")]).toEqual([["At last."], 3]);
});

test("telegram goes on by edits after it was asked to wait, and sends anew what somebody took away", async () => {
  await using t = await setUp();
  const gate = Promise.withResolvers<void>();
  t.fake.reply({ steps: ["One. ", { wait: gate.promise }, "Two."] });
  t.telegram.fail("editMessageText", () => ({
    code: 429,
    description: "Too Many Requests: retry after 1",
    parameters: { retry_after: 1 },
  }));
  t.telegram.say("count");
  await until(() => t.telegram.texts()[0] === "One.");
  const [gone] = t.telegram.messages.splice(0);
  gate.resolve();
  await until(() => t.telegram.texts()[0] === "One. Two.", 20_000);
  expect(t.telegram.messages[0]!.id).not.toBe(gone!.id);
});

test("telegram follows a group that became a supergroup", async () => {
  await using t = await setUp({ stream: false });
  t.telegram.fail("sendMessage", () => ({
    code: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
    parameters: { migrate_to_chat_id: -100_777 },
  }));
  await until(async () => (await t.state()) === "running");
  const sent = await t.client.call("interface.send", { interface: "telegram", target: "-500", message: "hi" });
  expect(t.telegram.messages).toMatchObject([{ id: Number(sent.message_id), chat: -100_777, text: "hi" }]);
});

test("telegram shows an approval with its whole plan, and takes the answer by a button from who may give it", async () => {
  await using t = await setUp({ stream: false });
  const events = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "echo yes > out.txt" } } }], "Written.");
  t.telegram.say("write it");
  await events.until(({ topic }) => topic === "approval.requested");
  await until(() => t.telegram.messages.length === 1);
  const asked = t.telegram.messages[0]!;
  expect(asked.text).toContain("command: echo yes > out.txt");
  expect(asked.buttons.map(({ text }) => text)).toEqual(["Once", "This session", "Deny"]);
  t.telegram.press(asked, "Once", TELEGRAM.stranger);
  await until(() => t.telegram.count("answerCallbackQuery") === 1);
  const answered = t.telegram.calls.find(({ method }) => method === "answerCallbackQuery");
  expect(answered?.params.text).toBe("You may not answer this");
  expect(asked.buttons).toHaveLength(3);
  t.telegram.press(asked, "Once");
  await until(() => t.telegram.texts().includes("Written."), 20_000);
  expect(asked.buttons).toEqual([]);
});

test("telegram brings files, and says what became of one that it could not get", async () => {
  await using t = await setUp({ stream: false });
  t.telegram.files.set("doc1", new TextEncoder().encode("a,b\n1,2\n"));
  t.fake.reply("Seen.");
  t.telegram.say("", {
    text: undefined,
    caption: "sum it",
    document: { file_id: "doc1", file_unique_id: "1", file_name: "table.csv", mime_type: "text/csv", file_size: 8 },
  } as never);
  await until(() => t.telegram.texts().includes("Seen."));
  expect(JSON.stringify(t.fake.requests[0]!.body.messages.at(-1))).toContain("table.csv");
  t.fake.reply("A pity.");
  t.telegram.say("", { text: undefined, voice: { file_id: "gone", file_unique_id: "2", duration: 1 } } as never);
  await until(() => t.telegram.texts().includes("A pity."));
  expect(JSON.stringify(t.fake.requests[1]!.body.messages.at(-1))).toContain("could not be read");
});

test("telegram says what is wrong with its token, and when another program reads its updates", async () => {
  await using wrong = await setUp({ token: "1:wrong" });
  const status = await until(async () => {
    const now = await wrong.client.call("interface.status", { interface: "telegram" });
    return now.state === "error" && now;
  });
  expect(status.error).toEqual({ reason: "auth_failed", message: "Telegram does not know the bot's token" });
  expect(JSON.stringify(wrong.logs)).not.toContain("1:wrong");

  await using t = await setUp();
  await until(async () => (await t.state()) === "running");
  t.telegram.fail("getUpdates", () => ({ code: 409, description: "Conflict: terminated by other getUpdates request" }));
  t.telegram.say("wake up");
  const broken = await until(async () => {
    const now = await t.client.call("interface.status", { interface: "telegram" });
    return now.error !== null && now;
  });
  expect(broken.error).toEqual({ reason: "conflict", message: "Another program gets the bot's updates" });
});

test("telegram takes updates over a webhook that only Telegram can call", async () => {
  await using t = await setUp({ webhook_url: "https://bot.example/channels/telegram", stream: false });
  const { secret } = await until(() => t.telegram.webhook());
  await until(async () => (await t.state()) === "running");
  t.fake.reply("Over the hook.");
  const update = t.telegram.say("hi");
  const post = (headers: Record<string, string>, body: string, id = "telegram") =>
    fetch(`${t.url}/channels/${id}`, { method: "POST", headers, body });
  const own = { "x-telegram-bot-api-secret-token": secret };
  expect((await post({}, JSON.stringify(update))).status).toBe(401);
  expect((await post({ "x-telegram-bot-api-secret-token": "guess" }, JSON.stringify(update))).status).toBe(401);
  expect((await post(own, "{")).status).toBe(400);
  expect((await post(own, "x".repeat(1_000_001))).status).toBe(413);
  for (const id of ["webchat", "nothing", "constructor"]) expect((await post(own, "{}", id)).status).toBe(404);
  expect((await post(own, JSON.stringify(update))).status).toBe(200);
  await until(() => t.telegram.texts().includes("Over the hook."));
});

test("telegram answers from other chats those whom the owner knows, in the one message that they sent", async () => {
  await using t = await setUp();
  t.fake.reply("It is noon.");
  t.telegram.typeInline("what time is it?", TELEGRAM.stranger);
  t.telegram.typeInline("what time is it?");
  t.telegram.typeInline(" ");
  await until(() => t.telegram.count("answerInlineQuery") === 3);
  const offered = t.telegram.calls.filter(({ method }) => method === "answerInlineQuery");
  expect(offered.map(({ params }) => params.results.length).toSorted()).toEqual([0, 0, 1]);
  t.telegram.sendInline("let me in", "m0", TELEGRAM.stranger);
  t.telegram.sendInline("what time is it?", "m1");
  await until(() => t.telegram.inline.get("m1") === "It is noon.");
  expect([...t.telegram.inline.keys(), ...t.telegram.texts()]).toEqual(["m1"]);
  expect((await t.client.call("auth.pairing.list", {})).pairings).toEqual([]);
  const send = t.client.call("interface.send", { interface: "telegram", target: "inline/m1", message: "more" });
  expect(await send.catch(({ reason }) => reason)).toBe("invalid_params");
});

test("telegram refuses a conversation that is none, and passes on whom it may not write to", async () => {
  await using t = await setUp();
  await until(async () => (await t.state()) === "running");
  const send = (target: string) =>
    t.client.call("interface.send", { interface: "telegram", target, message: "hi" }).catch((error) => error.reason);
  expect(await send("../x")).toBe("not_found");
  t.telegram.fail("sendMessage", () => ({ code: 403, description: "Forbidden: bot was blocked by the user" }));
  expect(await send("7")).toBe("forbidden");
  t.telegram.fail("sendMessage", () => ({ code: 400, description: "Bad Request: chat not found" }));
  expect(await send("7")).toBe("not_found");
});

test("telegram ends with its reason what somebody will never get, and says what comes after it", async () => {
  await using t = await setUp({ stream: false });
  t.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const refusals = [
    [403, "Forbidden: bot was blocked by the user"],
    [403, "Forbidden: bot was kicked from the supergroup chat"],
    [400, "Bad Request: chat not found"],
    [400, "Bad Request: not enough rights to send text messages to the chat"],
  ] as const;
  for (const [code, description] of refusals) t.telegram.fail("sendMessage", () => ({ code, description }));
  const ended = () =>
    t.logs.flatMap(({ message, fields }) => (message === "message will not be sent" ? [fields.error] : []));
  for (const [at] of refusals.entries()) {
    t.telegram.say(`question ${at}`);
    await until(() => ended().length === at + 1);
  }
  expect(ended()).toMatchObject(refusals.map(([, description]) => `Telegram says: ${description}`));
  t.telegram.say("the last");
  await until(() => t.telegram.messages.length === 1);
  expect(t.telegram.texts()).toEqual(["Answer to the last"]);
});

test("telegram over a webhook is in error when its token was taken back, and sends what waits once it is good", async () => {
  await using t = await setUp({ webhook_url: "https://bot.example/channels/telegram", stream: false });
  await until(async () => (await t.state()) === "running");
  const unknown = () => ({ code: 401, description: "Unauthorized" });
  t.telegram.fail("getMe", unknown);
  t.telegram.fail("sendMessage", unknown);
  t.fake.reply("Patience.");
  const { secret } = await until(() => t.telegram.webhook());
  const headers = { "x-telegram-bot-api-secret-token": secret };
  const body = JSON.stringify(t.telegram.say("hi"));
  await fetch(`${t.url}/channels/telegram`, { method: "POST", headers, body });
  await until(async () => (await t.state()) === "error");
  await until(() => t.telegram.texts()[0] === "Patience.", 20_000);
  expect(await t.state()).toBe("running");
});

test("telegram reacts to what is worked on in a group, and to what it is told to with what Telegram has", async () => {
  await using t = await setUp({ ack_reaction: "👀", stream: false });
  t.fake.reply("Noon.");
  const { message } = t.telegram.say("", { group: TELEGRAM.group, ...t.telegram.named("when?") });
  const id = message!.message_id;
  await until(() => t.telegram.reactions.length === 2);
  expect([t.telegram.texts(), t.telegram.reactions]).toEqual([["Noon."], [`👀 ${id}`, ` ${id}`]]);
  const react = (target: string, message_id: string, emoji: string) =>
    t.client
      .call("interface.react", { interface: "telegram", target, message_id, emoji })
      .catch((error) => `${error.reason}: ${error.message}`);
  // As it came.
  await react("1001", `1001:${id}`, "🔥");
  expect(t.telegram.reactions.at(-1)).toBe(`🔥 ${id}`);
  expect(await react("1001", String(id), "🦖")).toBe("invalid_params: Telegram says: Bad Request: REACTION_INVALID");
  expect(await react("404", String(id), "🔥")).toStartWith("not_found: ");
  expect(await react("inline/7", "inline/7", "🔥")).toStartWith("invalid_params: ");
  expect(await react("nowhere else", "7", "🔥")).toStartWith("not_found: ");
  t.telegram.fail("setMessageReaction", () => ({ code: 404, description: "Not Found: method not found" }));
  expect(await react("1001", String(id), "🔥")).toBe("invalid_params: Telegram says: Not Found: method not found");
});

test("telegram sends what a run made with its answer: a picture as a photo, speech as a document", async () => {
  await using vendor = startOpenAiFake();
  await using t = await setUp(
    {},
    {
      providers: {
        fake: { type: "openai-compatible", base_url: vendor.url, api_key: "k", models: ["m"] },
        maker: { type: "openai", base_url: vendor.url, api_key: "k" },
      },
      models: { image: "maker/gpt-image-1", speech: "maker/gpt-4o-mini-tts" },
    },
  );
  vendor.reply(
    {
      steps: [
        { tool_call: { id: "c1", name: "generate_image", args: { prompt: "a cat" } } },
        { tool_call: { id: "c2", name: "speak", args: { text: "Meow" } } },
      ],
    },
    "Here they are.",
  );
  t.telegram.say("a cat, please");
  await until(() => t.telegram.messages.length === 3);
  // Both were made at the same time.
  const isPhoto = ({ file }: (typeof t.telegram.messages)[number]) => file?.method === "sendPhoto";
  const [answer, ...files] = t.telegram.messages;
  const inOrder = [...files.filter(isPhoto), ...files.filter((message) => !isPhoto(message))];
  expect([answer?.text, ...inOrder.map(({ file }) => file)]).toEqual([
    "Here they are.",
    {
      method: "sendPhoto",
      name: expect.stringMatching(/^picture-\d\.png$/),
      bytes: Buffer.from(PNG_BASE64, "base64").toString("hex"),
    },
    { method: "sendDocument", name: expect.stringMatching(/\.mp3$/), bytes: expect.any(String) },
  ]);
});

test("telegram sends sound that it can play as a voice message, and a large picture as a document", async () => {
  await using server = fakeTelegram();
  const { signal } = new AbortController();
  const options = telegram.options!.parse({ token: TELEGRAM.token, api_root: server.url });
  const commands = { words: async () => [] };
  await using open = await telegram.open({ commands, fetch }, options, {
    id: "telegram",
    log: testLog().log,
    signal,
    chat: async () => ({
      receive: async () => ({ taken: true }),
      press: async () => ({ text: "", settled: true }),
      knows: () => true,
    }),
  });
  const file = (name: string, type: string, size: number) => ({ name, type, load: async () => new Uint8Array(size) });
  const files = [file("a.ogg", "audio/ogg", 3), file("b.png", "image/png", 10_000_001), file("c.jpg", "image/jpeg", 3)];
  await open.send("1001", "", { files });
  expect(server.messages.map(({ text, file }) => [text, file?.method, file?.name])).toEqual([
    ["", "sendVoice", "a.ogg"],
    ["", "sendDocument", "b.png"],
    ["", "sendPhoto", "c.jpg"],
  ]);
});

test("telegram sends a file of the workspace with the answer, and the model need not read it back", async () => {
  await using t = await setUp();
  await Bun.write(join(t.home.workspaces, "main", "notes.txt"), "secret sauce");
  t.fake.reply({ steps: [{ tool_call: { id: "c1", name: "send_file", args: { path: "notes.txt" } } }] }, "Here.");
  t.telegram.say("send me my notes");
  await until(() => t.telegram.messages.length === 2);
  expect(t.telegram.messages.map(({ text, file }) => file ?? text)).toEqual([
    "Here.",
    { method: "sendDocument", name: "notes.txt", bytes: Buffer.from("secret sauce").toString("hex") },
  ]);
  expect(JSON.stringify(t.fake.requests.at(-1)!.body)).not.toContain("secret sauce");
});

test("telegram shows the commands in its menu and answers them without a model, in groups by the bot's name", async () => {
  await using t = await setUp();
  await until(() => t.telegram.count("setMyCommands") > 0);
  const { commands } = t.telegram.calls.find(({ method }) => method === "setMyCommands")!.params;
  const words = commands.map(({ command }: { command: string }) => command);
  expect(words.slice(0, 3)).toEqual(["new", "reset", "stop"]);
  t.telegram.say("/whoami", { entities: [{ type: "bot_command", offset: 0, length: 7 }] });
  await until(() => t.telegram.messages.length === 1);
  const text = "/model@aleph_test_bot";
  const entities = [{ type: "bot_command" as const, offset: 0, length: text.length }];
  t.telegram.say(text, { group: TELEGRAM.group, entities });
  await until(() => t.telegram.messages.length === 2);
  expect(t.telegram.texts()[0]).toStartWith("You are: owner (owner)");
  expect(t.telegram.texts()[1]).toStartWith("The agent's own model answers here.");
  expect(t.fake.requests).toHaveLength(0);
});

test.each([
  ["per_peer", ["agent:main:telegram:dm:1001"]],
  ["per_channel_peer", ["agent:main:telegram:dm:1001", "agent:main:work:dm:1001"]],
  ["main", ["agent:main:main"]],
])(
  "telegram gives who writes to two bots the sessions of the scope %s, and answers each where it was asked",
  async (dm_scope, keys) => {
    await using work = fakeTelegram();
    const table = { type: "telegram", token: TELEGRAM.token, api_root: work.url, dm_scope };
    const allow_from = [String(TELEGRAM.owner.id)];
    await using t = await setUp({ dm_scope }, { interfaces: { work: { ...table, allow_from } } });
    t.fake.reply("Here.");
    t.telegram.say("one");
    await until(() => t.telegram.texts()[0] === "Here.");
    t.fake.reply("There.");
    work.say("two");
    await until(() => work.texts()[0] === "There.");
    expect([t.telegram.texts(), work.texts()]).toEqual([["Here."], ["There."]]);
    const { sessions } = await t.client.call("session.list", {});
    expect(sessions.map(({ session_key }) => session_key).toSorted()).toEqual(keys);
  },
);
