import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { approvedCode, approvedPlugin } from "../../support/approved-plugin.ts";
import { openScreen, type Screen, startCli } from "../../support/cli.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const ENTER = "\r";
const UP = "\x1b[A";
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const TAB = "\t";

/** Waits for the prompt first: what is typed before belongs to what runs. */
async function say(screen: Screen, ...keys: readonly string[]): Promise<void> {
  await screen.shows("› ");
  for (const key of keys) screen.type(key);
}

async function leave(screen: Screen): Promise<number> {
  await say(screen, CTRL_D);
  return screen.exited;
}

test("the prompt sends messages and remembers them the next time", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply("First answer", "Second answer", "Third answer");
  {
    await using screen = openScreen(["chat"], { home: home.path });
    await say(screen, "first message", ENTER);
    await screen.shows("First answer\n");
    await say(screen, "second message", ENTER);
    await screen.shows("Second answer\n");
    expect(await leave(screen)).toBe(0);
  }
  const history = join(home.path, "history");
  expect(readFileSync(history, "utf8")).toBe('"first message"\n"second message"\n');
  expect(statSync(history).mode & 0o777).toBe(0o600);
  await using screen = openScreen(["chat"], { home: home.path });
  await say(screen, UP);
  await screen.shows("second message");
  screen.type(UP);
  await screen.shows("first message");
  screen.type(ENTER);
  await screen.shows("Third answer\n");
  expect(await leave(screen)).toBe(0);
  const said = fake.requests.map(({ body }) => body.messages.at(-1).content as string);
  expect(said.map((text) => text.split("\n").at(-1))).toEqual(["first message", "second message", "first message"]);
});

test("the prompt takes several lines as one message", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply("pasted", "continued", "recalled");
  await using screen = openScreen(["chat"], { home: home.path });
  await say(screen, "\x1b[200~one\r\ntwo\x1b[201~", ENTER);
  await screen.shows("pasted\n");
  await say(screen, "one\\", ENTER);
  await screen.shows("… ");
  screen.type("two");
  screen.type("\x1b\r");
  screen.type("three");
  screen.type(ENTER);
  await screen.shows("continued\n");
  await say(screen, UP);
  await screen.shows("one⏎two⏎three");
  screen.type(ENTER);
  await screen.shows("recalled\n");
  expect(await leave(screen)).toBe(0);
  const said = fake.requests.map(({ body }) => body.messages.at(-1).content as string);
  expect(said.map((text) => text.slice(text.indexOf("one")))).toEqual([
    "one\ntwo",
    "one\ntwo\nthree",
    "one\ntwo\nthree",
  ]);
});

test("the prompt completes commands, models and sessions", async () => {
  await using fake = startOpenAiFake({ models: ["m", "n-large", "n-small"] });
  await using home = await fakeHome(fake, { more: "headers = {}\n" });
  await using screen = openScreen(["chat"], { home: home.path });
  await say(screen, "/mo");
  screen.type(TAB);
  await screen.shows("/model ");
  screen.type("fake/n");
  screen.type(TAB);
  await screen.shows("fake/n");
  screen.type(ENTER);
  await screen.shows("From here on: fake/n");
  await say(screen, "/new", ENTER);
  await screen.shows(/New conversation: agent:main:chat:\w+/);
  await say(screen, "/sessions agent:main:ch");
  screen.type(TAB);
  await screen.shows(/\/sessions agent:main:chat:\w+/);
  screen.type(ENTER);
  await screen.shows("0 messages");
  expect(await leave(screen)).toBe(0);
});

test("slash commands begin, list and change conversations", async () => {
  await using server = await conversation();
  server.fake.answer(({ body }) => `I am ${body.model}`);
  await using screen = openScreen(["chat"], { home: server.home.path });
  await say(screen, "Hi", ENTER);
  await screen.shows("I am m\n");
  await say(screen, "/new", ENTER);
  await screen.shows("New conversation: agent:main:chat:");
  await say(screen, "/model fake/other", ENTER);
  await say(screen, "Hi again", ENTER);
  await screen.shows("I am other\n");
  await say(screen, "/sessions", ENTER);
  await screen.shows(/\* {2}agent:main:chat:\w+/);
  await say(screen, `/sessions ${MAIN}`, ENTER);
  await screen.shows(`${MAIN}  Hi, 2 messages`);
  await say(screen, "/stop", ENTER);
  await screen.shows("Nothing runs in this session");
  await say(screen, "/hlep", ENTER);
  await screen.shows("Did you mean /help?");
  await say(screen, "/help", ENTER);
  await screen.shows("/quit");
  await say(screen, "/quit", ENTER);
  expect(await screen.exited).toBe(0);
});

test("Ctrl-C cancels the run and not the conversation", async () => {
  await using server = await conversation();
  server.fake.reply({ steps: ["Going on"], end: "silence" }, "Well again");
  await using screen = openScreen(["chat"], { home: server.home.path });
  await say(screen, "Hi", ENTER);
  await screen.shows("Going on");
  screen.type(CTRL_C);
  await screen.shows("The run was cancelled");
  expect(await server.fake.requests[0]!.ended).toBe("hung_up");
  await say(screen, "Hi", ENTER);
  await screen.shows("Well again\n");
  await say(screen, "half a line", CTRL_C);
  await screen.shows("^C");
  await say(screen, CTRL_C);
  await screen.shows("Ctrl-C again");
  await say(screen, CTRL_C);
  expect(await screen.exited).toBe(130);
  expect(server.fake.requests).toHaveLength(2);
});

test("/stop stops the run that is going on, and other lines are given to it", async () => {
  await using server = await conversation();
  const more = Promise.withResolvers<void>();
  server.fake.reply(["Working", { wait: more.promise }, { tool_call: { name: "time", args: {} } }], {
    steps: ["I heard you"],
    end: "silence",
  });
  await using screen = openScreen(["chat"], { home: server.home.path });
  await say(screen, "Hi", ENTER);
  await screen.shows("Working");
  screen.type("one thing more\r");
  await screen.shows("added to the run");
  more.resolve();
  await screen.shows("I heard you");
  expect(JSON.stringify(server.fake.requests[1]!.body.messages)).toContain("one thing more");
  screen.type("/stop\r");
  await screen.shows("The run was cancelled");
  expect(await leave(screen)).toBe(0);
});

test("what needs an approval is asked at the prompt, and runs only when it is allowed", async () => {
  await using server = await conversation();
  server.fake.reply(
    [{ tool_call: { id: "1", name: "exec", args: { command: "mkdir allowed" } } }],
    "Made it",
    [{ tool_call: { id: "2", name: "exec", args: { command: "mkdir denied" } } }],
    "Left it",
    [{ tool_call: { id: "3", name: "exec", args: { command: "mkdir allowed" } } }],
    "Again",
  );
  await using screen = openScreen(["chat"], { home: server.home.path });
  await say(screen, "Make a folder", ENTER);
  await screen.shows("? Allow exec?");
  await screen.shows("│ mkdir allowed");
  await screen.shows("Your answer: ");
  screen.type("perhaps\r");
  await screen.shows("Please answer with one of");
  await screen.shows("Your answer: ");
  screen.type("s\r");
  await screen.shows("$ mkdir allowed · ");
  await screen.shows("Made it");
  await say(screen, "Make another", ENTER);
  await screen.shows("Your answer: ");
  screen.type("n\r");
  await screen.shows("$ mkdir denied · denied");
  await screen.shows("Left it");
  // `s` was for this session: the same command asks no more.
  await say(screen, "Once more", ENTER);
  await screen.shows("Again");
  expect(await leave(screen)).toBe(0);
  const { approvals } = await server.client.call("approvals.list", {});
  expect(approvals.map(({ status, decision }) => ({ status, decision }))).toEqual([
    { status: "approved", decision: "session" },
    { status: "denied", decision: "deny" },
  ]);
  const results = server.fake.requests.at(-1)!.body.messages.filter(({ role }: { role: string }) => role === "tool");
  expect(results.map(({ content }: { content: string }) => /refused/i.test(content))).toEqual([false, true, false]);
});

test("a question that is answered elsewhere is closed at the prompt", async () => {
  await using server = await conversation();
  server.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir x" } } }], "Made it");
  await using screen = openScreen(["chat", "Make a folder"], { home: server.home.path });
  await screen.shows("Your answer: ");
  const { approvals } = await server.client.call("approvals.list", { status: "pending" });
  await server.client.call("approvals.resolve", { approval_id: approvals[0]!.approval_id, decision: "once" });
  await screen.shows("The question is closed: once");
  await screen.shows("Made it");
  expect(await screen.exited).toBe(0);
});

test("a second Ctrl-C aborts the tool that still runs", async () => {
  await using server = await conversation();
  server.fake.reply([{ tool_call: { name: "exec", args: { command: "for i in 1; do sleep 60; done" } } }]);
  await using screen = openScreen(["chat", "Wait"], { home: server.home.path });
  await screen.shows("Your answer: ");
  screen.type("y\r");
  await screen.shows("… $ for i in 1; do sleep 60; done");
  screen.type(CTRL_C);
  await screen.shows("cancelling");
  screen.type(CTRL_C);
  await screen.shows("The run was cancelled");
  expect(await screen.exited).toBe(130);
});

test("a conversation outlives its server", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply({ steps: ["Half an ans"], end: "silence" }, "Whole again");
  const serve = (port: string) => startCli(["serve", "--port", port], { home: home.path });
  await using first = serve("0");
  const [, port = ""] = /127\.0\.0\.1:(\d+)/.exec(await first.waitFor("Aleph is ready")) ?? [];
  await using screen = openScreen(["chat"], { home: home.path });
  await say(screen, "Hi", ENTER);
  await screen.shows("Half an ans");
  first.kill("SIGKILL");
  await first.finished;
  await screen.shows("The connection was lost; trying again");
  await using _second = serve(port);
  await screen.shows("Connected again");
  await screen.shows("The run was interrupted");
  await say(screen, "Once more", ENTER);
  await screen.shows("Whole again\n");
  expect(await leave(screen)).toBe(0);
}, 30_000);

test("lines that are typed ahead have their turn", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.answer(({ body }) => `answer to ${String(body.messages.at(-1).content).split("\n").at(-1)}`);
  await using screen = openScreen(["chat"], { home: home.path });
  screen.type("one\rtwo\r");
  await screen.shows("answer to one\n");
  await screen.shows("answer to two\n");
  expect(await leave(screen)).toBe(0);
});

test("the terminal is left as it was found", async () => {
  await using server = await conversation();
  await using screen = openScreen(["chat"], { home: server.home.path });
  expect(await leave(screen)).toBe(0);
  expect(screen.raw.lastIndexOf("\x1b[?2004l")).toBeGreaterThan(screen.raw.lastIndexOf("\x1b[?2004h"));
});

test("the prompt lists, completes and sends what plugins answer to", async () => {
  await using server = await conversation();
  await approvedCode(server, "tools", {
    manifest: '[[commands]]\nname = "ping"\ndescription = "Answers at once"\nhandler = "onPing"\n',
    code: `
      import { createServer } from "@aleph/plugin-sdk";
      createServer({ name: "tools", commands: { ping: ({ text }) => "pong " + text } }).start();
    `,
  });
  await approvedPlugin(server, "haiku", { scope: "standalone", prompt: "Answer with a haiku." });
  server.fake.reply("An old silent pond");
  await using screen = openScreen(["chat"], { home: server.home.path });
  await say(screen, "/help", ENTER);
  await screen.shows(/\/ping +Answers at once/);
  await say(screen, "/pi");
  screen.type(TAB);
  await screen.shows("ping");
  screen.type(" one");
  screen.type(ENTER);
  await screen.shows("pong one\n");
  await say(screen, "/tools:ping two", ENTER);
  await screen.shows("pong two\n");
  await say(screen, "/pnig", ENTER);
  await screen.shows("Did you mean /ping?");
  expect(server.fake.requests).toHaveLength(0);
  await say(screen, "/haiku tea", ENTER);
  await screen.shows("An old silent pond\n");
  expect(await leave(screen)).toBe(0);
  expect(server.fake.requests[0]!.body.messages[0].content).toContain("Answer with a haiku.");
});
