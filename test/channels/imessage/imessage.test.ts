import { expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imessage } from "../../../src/channels/imessage/imessage.ts";
import type { ChannelHost, IncomingMessage, OpenChannel } from "../../../src/sdk/channel.ts";
import { openStore } from "../../../src/store/store.ts";
import { BLUEBUBBLES, fakeBlueBubbles } from "../../support/bluebubbles.ts";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";
import { testLog } from "../../support/log.ts";
import { until } from "../../support/until.ts";
import { attributedBody, messagesDatabase } from "./messages-database.ts";

/** A Mac with a database of Messages; what it is told to run is kept. */
async function setUpMac({ platform = "darwin" } = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const { log } = testLog();
  const store = stack.use(openStore(join(folder.path, "aleph.db"), { log }));
  const chat = stack.use(messagesDatabase(join(folder.path, "Library/Messages/chat.db")));
  const heard: IncomingMessage[] = [];
  const ran: (readonly string[])[] = [];
  let end = { exitCode: 0, output: "" };
  const needs = {
    stores: { durable: store },
    fetch,
    now: Date.now,
    machine: {
      platform,
      userHome: folder.path,
      async run(argv: readonly string[]) {
        ran.push(argv);
        return end;
      },
    },
  };
  const open = async (table: object = {}): Promise<OpenChannel> => {
    const host: ChannelHost = {
      id: "imessage",
      log,
      signal: new AbortController().signal,
      chat: async () => ({
        async receive(message) {
          heard.push(message);
          return { taken: true };
        },
        press: async () => ({ text: "", settled: true }),
        knows: () => true,
      }),
    };
    return imessage.open(needs, imessage.options!.parse(table), host);
  };
  const owned = stack.move();
  return {
    home: folder.path,
    chat,
    heard,
    ran,
    open,
    end: (exitCode: number, output: string) => {
      end = { exitCode, output };
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

test("imessage hears what comes after its first start, once, also what came while it was away", async () => {
  await using t = await setUpMac();
  t.chat.write("long ago");
  {
    await using _line = await t.open();
    t.chat.write("hello", { from: "ada@example.org" });
    t.chat.write("I said that myself", { fromMe: true });
    t.chat.write("Liked “hello”", { reaction: 2001 });
    t.chat.write(null, { body: attributedBody("Grüße aus dem Körper") });
    await until(() => t.heard.length === 2);
  }
  t.chat.write("while you were away");
  await using _line = await t.open();
  await until(() => t.heard.length === 3);
  expect(t.heard.map(({ id: _, ...rest }) => rest)).toEqual([
    { conversation: "iMessage;-;ada@example.org", sender: { id: "ada@example.org" }, text: "hello" },
    { conversation: "iMessage;-;+15550001", sender: { id: "+15550001" }, text: "Grüße aus dem Körper" },
    { conversation: "iMessage;-;+15550001", sender: { id: "+15550001" }, text: "while you were away" },
  ]);
});

test("imessage waits for the chat of a message that is written before it", async () => {
  await using t = await setUpMac();
  await using _line = await t.open();
  const row = t.chat.write("first", { withoutChat: true });
  t.chat.write("second");
  t.chat.join(row);
  await until(() => t.heard.length === 2);
  expect(t.heard.map(({ text }) => text)).toEqual(["first", "second"]);
});

test("imessage passes over what has no chat any more, however much of it there is", async () => {
  await using t = await setUpMac();
  await using _line = await t.open();
  for (let at = 0; at < 101; at++) t.chat.write("of a chat that was deleted", { withoutChat: true, age: 60_000 });
  t.chat.write("hello");
  await until(() => t.heard.length === 1);
  expect(t.heard).toMatchObject([{ text: "hello" }]);
});

test("imessage is meant in a group by its name as a word", async () => {
  await using t = await setUpMac();
  await using _line = await t.open({ names: ["Aleph", "bot"] });
  for (const text of ["alephs are many", "hey Aleph, what now?", "BOT!"]) t.chat.write(text, { group: "chat42" });
  await until(() => t.heard.length === 3);
  expect(t.heard.map(({ group }) => group)).toEqual(
    [false, true, true].map((addressed) => ({ id: "iMessage;+;chat42", name: "Friends", addressed })),
  );
});

test("imessage is meant by names of several words, with signs in them, and in scripts without spaces", async () => {
  await using t = await setUpMac();
  await using _line = await t.open({ names: ["小助手", "R2-D2", "Miss Ada"] });
  const yes = ["小助手你好", "请问小助手", "r2-d2, come here", "ask miss ada!", "miss adam and Miss Ada"];
  const no = ["R2-D24", "ask Miss  Ada", "dismiss ada", "miss adam", "小助"];
  for (const text of [...yes, ...no]) t.chat.write(text, { group: "chat42" });
  await until(() => t.heard.length === yes.length + no.length);
  expect(t.heard.filter(({ group }) => group?.addressed).map(({ text }) => text)).toEqual(yes);
});

test("imessage reads attachments of Messages and no other file", async () => {
  await using t = await setUpMac();
  const folder = join(t.home, "Library/Messages/Attachments/00");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "a.txt"), "attached");
  writeFileSync(join(t.home, "secret"), "secret");
  symlinkSync(join(t.home, "secret"), join(folder, "link"));
  await using _line = await t.open();
  const about = { name: "a.txt", type: "text/plain", size: 8 };
  for (const path of ["~/Library/Messages/Attachments/00/a.txt", "~/secret", `${folder}/link`, `${folder}/gone`]) {
    t.chat.write("\ufffc", { file: { path, ...about } });
  }
  await until(() => t.heard.length === 4);
  const { signal } = new AbortController();
  const load = (at: number) => t.heard[at]!.files![0]!.load(signal);
  expect(t.heard[0]!.files).toMatchObject([about]);
  expect(new TextDecoder().decode(await load(0))).toBe("attached");
  expect((await refusal(() => load(1))).reason).toBe("forbidden");
  expect((await refusal(() => load(2))).reason).toBe("forbidden");
  expect((await refusal(() => load(3))).reason).toBe("not_found");
});

test("imessage hands text and files to AppleScript as arguments, whatever they say", async () => {
  await using t = await setUpMac();
  await using line = await t.open();
  const nasty = '" & (do shell script "touch /tmp/x") & "\n-e';
  await line.send("iMessage;-;+15550001", nasty);
  await line.send("+15550002", "hi");
  const file = { name: "../a b.txt", type: "text/plain", load: async () => new TextEncoder().encode("x") };
  await line.send("iMessage;+;chat42", "", { files: [file] });
  expect(t.ran.map(([program, flag, , ...args]) => [program, flag, ...args.slice(0, 1)])).toEqual([
    ["/usr/bin/osascript", "-e", "iMessage;-;+15550001"],
    ["/usr/bin/osascript", "-e", "iMessage;-;+15550002"],
    ["/usr/bin/osascript", "-e", "iMessage;+;chat42"],
  ]);
  expect(t.ran[0]!.at(-1)).toBe(nasty);
  expect(t.ran[0]![2]).not.toContain("touch");
  expect(await Bun.file(t.ran[2]!.at(-1)!).text()).toBe("x");
  expect(t.ran[2]!.at(-1)).toEndWith("/a b.txt");
  expect((await refusal(() => line.send("-e x", "hi"))).reason).toBe("not_found");
});

test("imessage says what macOS does not let it do", async () => {
  await using t = await setUpMac();
  await using line = await t.open();
  const cases: [string, string][] = [
    ["execution error: Not authorized to send Apple events to Messages. (-1743)", "auth_failed"],
    ["execution error: Messages got an error: Can’t get chat id. (-1728)", "not_found"],
    ["execution error: something else", "overloaded"],
  ];
  for (const [output, reason] of cases) {
    t.end(1, output);
    expect((await refusal(() => line.send("+15550001", "hi"))).reason as string).toBe(reason);
  }
});

test("imessage says that it cannot work on this platform, or without leave to read", async () => {
  await using t = await setUpMac({ platform: "linux" });
  const { reason, message } = await refusal(() => t.open());
  expect([reason, message]).toEqual([
    "conflict",
    "iMessage is not available on this platform without a BlueBubbles server",
  ]);
  await using mac = await setUpMac();
  rmSync(join(mac.home, "Library"), { recursive: true });
  const unreadable = await refusal(() => mac.open());
  expect([unreadable.reason, unreadable.message]).toEqual(["forbidden", "The database of Messages cannot be read"]);
  expect(imessage.options!.safeParse({ url: "http://mac.local:1234" }).success).toBe(false);
  expect(imessage.options!.safeParse({ password: "x" }).success).toBe(false);
});

async function setUpBlue({ privateApi = false, ...table }: { privateApi?: boolean; [key: string]: unknown } = {}) {
  await using stack = new AsyncDisposableStack();
  const blue = stack.use(fakeBlueBubbles({ privateApi }));
  const interfaces = {
    imessage: { url: blue.url, password: BLUEBUBBLES.password, allow_from: [BLUEBUBBLES.owner], ...table },
  };
  const app = stack.use(await conversation({ config: { interfaces } as never }));
  const state = async () => (await app.client.call("interface.status", { interface: "imessage" })).state;
  const owned = stack.move();
  return { ...app, blue, state, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

test("imessage over BlueBubbles holds a conversation, brings files and hears its name in a group", async () => {
  await using t = await setUpBlue();
  t.fake.answer(({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1).content)}`);
  await until(async () => (await t.state()) === "running");
  t.blue.files.set("att1", new TextEncoder().encode("a,b\n"));
  const attachments = [{ guid: "att1", transferName: "table.csv", mimeType: "text/csv", totalBytes: 4 }];
  t.blue.say("what time is it?");
  await until(() => t.blue.sent.length === 1);
  t.blue.say("\ufffcsum it", { attachments });
  await until(() => t.blue.sent.length === 2);
  t.blue.say("nothing for you", { group: "chat1" });
  t.blue.say("mine", { isFromMe: true });
  t.blue.say("Aleph, when?", { group: "chat1" });
  await until(() => t.blue.sent.length === 3);
  expect(t.blue.sent.map(({ chat, method }) => [chat, method])).toEqual([
    [`iMessage;-;${BLUEBUBBLES.owner}`, "apple-script"],
    [`iMessage;-;${BLUEBUBBLES.owner}`, "apple-script"],
    ["iMessage;+;chat1", "apple-script"],
  ]);
  expect(t.blue.texts()[0]).toContain("what time is it?");
  expect(JSON.stringify(t.fake.requests[1]!.body.messages.at(-1))).toContain("table.csv");
  expect(t.blue.typing).toEqual([]);
});

test("imessage over BlueBubbles gives a stranger a code and nothing else", async () => {
  await using t = await setUpBlue();
  await until(async () => (await t.state()) === "running");
  t.blue.say("hello?", { from: "+15559999" });
  await until(() => t.blue.sent.length === 1);
  expect(t.blue.texts()[0]).toContain("aleph pairing approve");
  expect(t.fake.requests).toEqual([]);
});

test("imessage over BlueBubbles answers what it was asked, and types, where the private API is there", async () => {
  await using t = await setUpBlue({ privateApi: true });
  await until(async () => (await t.state()) === "running");
  t.fake.reply("Yes.");
  t.blue.say("are you there?");
  await until(() => t.blue.sent.length === 1);
  expect(t.blue.sent).toMatchObject([{ text: "Yes.", method: "private-api", replyTo: "m-1" }]);
  expect(t.blue.typing).toContain(`iMessage;-;${BLUEBUBBLES.owner}`);
});

test("imessage over BlueBubbles sends again what the server did not take, and comes back when it was away", async () => {
  await using t = await setUpBlue();
  await until(async () => (await t.state()) === "running");
  t.blue.fail("message/text", 500, "Messages is busy");
  t.fake.reply("At last.");
  t.blue.say("hi");
  await until(() => t.blue.texts().includes("At last."), 20_000);
  t.blue.fail("message/query", 500, "Restarting");
  t.fake.reply("Again.");
  t.blue.say("still there?");
  await until(() => t.blue.texts().includes("Again."), 20_000);
  expect(t.blue.texts()).toEqual(["At last.", "Again."]);
});

test("imessage takes a call of its webhook from who knows the password alone, and tells nobody its own", async () => {
  await using t = await setUpBlue();
  await until(async () => (await t.state()) === "running");
  const post = (query: string) => fetch(`${t.url}/channels/imessage${query}`, { method: "POST", body: "{}" });
  const password = encodeURIComponent(BLUEBUBBLES.password);
  expect((await post("")).status).toBe(401);
  expect((await post("?password=guess")).status).toBe(401);
  expect((await post(`?password=${password}`)).status).toBe(200);
  await using wrong = await setUpBlue({ password: "wrong one" });
  const status = await until(async () => {
    const now = await wrong.client.call("interface.status", { interface: "imessage" });
    return now.state === "error" && now;
  });
  expect(status.error).toEqual({ reason: "auth_failed", message: "BlueBubbles does not know the password" });
  expect(JSON.stringify(wrong.logs)).not.toContain("wrong one");
});
