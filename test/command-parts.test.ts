import { expect, test } from "bun:test";
import { type Grant, OWNER_GRANT } from "../src/protocol/identity.ts";
import { buildSessionKey } from "../src/protocol/session-key.ts";
import type { TestPlugin } from "./support/active-plugins.ts";
import { MAIN, testAgent } from "./support/agent.ts";
import { until } from "./support/until.ts";

const GUEST: Grant = { identity: { id: "chat:G1", kind: "guest" }, role: "guest", scopes: ["chat"] };
const peer = (...scopes: Grant["scopes"]): Grant => ({
  identity: { id: "chat:P1", kind: "peer" },
  role: "operator",
  scopes,
});

/** A plugin whose commands have names of ours. */
const PLUGIN: TestPlugin = {
  id: "tools",
  commands: [
    { name: "ping", description: "Answers", handler: "onPing" },
    { name: "status", description: "Another one", handler: "onStatus" },
  ],
  code: { onPing: () => "pong", onStatus: () => "of the plugin" },
};

/** A question that waits, as a tool's in a run of this session; resolves with its answer. */
async function ask(t: Awaited<ReturnType<typeof testAgent>>, sessionKey: string) {
  const before = t.approvals.list().length;
  const answer = t.approvals.request(
    {
      tool: "exec",
      plan: { command: `make ${before}` },
      reason: "it changes files",
      runId: null,
      callId: `call_${before}`,
      sessionKey,
      workspace: "/w",
      identity: OWNER_GRANT.identity,
      ttlMs: 3_600_000,
    },
    new AbortController().signal,
  );
  await until(() => t.approvals.list().length > before);
  return { id: t.approvals.list().at(-1)!.approval_id, answer };
}

test("CommandParts answers Aleph's own words itself, before a plugin's of the same name, and asks no model", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const run = await t.send("/status");
  expect(run).toMatchObject({ status: "completed", model: null, steps: 0 });
  expect(run.text).toContain("**Model:** `fake/m`");
  expect(run.text).toContain("**Run:** none");
  expect((await t.send("/tools:status")).text).toBe("of the plugin");
  expect((await t.send("/ping")).text).toBe("pong");
  expect(t.fake.requests).toHaveLength(0);
});

test("CommandParts lists Aleph's own words first, and a plugin's of the same name by the plugin's name", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  const words = await t.commands.words();
  expect(words.map(({ word, plugin }) => (plugin === null ? word : `${plugin} ${word}`))).toEqual([
    "new",
    "reset",
    "stop",
    "status",
    "model",
    "think",
    "compact",
    "usage",
    "approve",
    "deny",
    "whoami",
    "help",
    "tools ping",
    "tools tools:status",
  ]);
});

test.each([" /new", "/newer", "/new!", "//new", "Say /new"])("CommandParts leaves %j to the model", async (message) => {
  await using t = await testAgent();
  t.fake.reply("Yes?");
  expect((await t.send(message)).text).toBe("Yes?");
});

test("/new begins a conversation anew: the model forgets, the history stays", async () => {
  await using t = await testAgent();
  t.fake.reply("Hello, Ada", "Who are you?");
  await t.send("I am Ada");
  expect((await t.send("/New")).text).toBe("A new conversation begins here.");
  await t.send("Who am I?");
  const { messages } = t.fake.requests[1]!.body;
  expect(messages.filter(({ role }: { role: string }) => role !== "system")).toMatchObject([
    { role: "user", content: "Who am I?" },
  ]);
  expect(t.history()).toEqual([
    "user complete: I am Ada",
    "assistant complete: Hello, Ada",
    "user complete: /New",
    "assistant complete: A new conversation begins here.",
    "user complete: Who am I?",
    "assistant complete: Who are you?",
  ]);
});

test("/new stops what still runs, so that nothing of it comes into the new conversation", async () => {
  await using t = await testAgent();
  t.fake.reply({ end: "silence" });
  const { run_id } = await t.runner.start({ message: "Long" }, OWNER_GRANT);
  await until(() => t.fake.requests.length === 1);
  await t.send("/new");
  expect(t.runs.get(run_id).status).toBe("cancelled");
});

test("/reset gives up model and thinking level too", async () => {
  await using t = await testAgent();
  await t.send("/model fake/m");
  await t.send("/think high");
  expect(t.session()).toMatchObject({ model: "fake/m", thinking: "high" });
  expect((await t.send("/reset")).text).toStartWith("A new conversation begins here");
  expect(t.session()).toMatchObject({ model: null, thinking: null });
});

test("/stop ends what runs and what waits, and says how many", async () => {
  await using t = await testAgent();
  expect((await t.send("/stop")).text).toBe("Nothing runs in this conversation.");
  t.fake.reply({ end: "silence" });
  const { run_id: first } = await t.runner.start({ message: "One" }, OWNER_GRANT);
  const { run_id: second } = await t.runner.start({ message: "Two" }, OWNER_GRANT);
  await until(() => t.fake.requests.length === 1);
  const status = (await t.send("/status")).text;
  expect(status).toMatch(/\*\*Run:\*\* under way for \d+ s, 1 waiting/);
  expect((await t.send("/stop")).text).toBe("Stopped 2 runs.");
  expect([first, second].map((id) => t.runs.get(id).status)).toEqual(["cancelled", "cancelled"]);
  expect(t.fake.requests).toHaveLength(1);
});

test("/model shows and changes the model of the conversation, and refuses one that is not known", async () => {
  await using t = await testAgent();
  expect((await t.send("/model")).text).toMatch(/^The agent's own model answers here.\n\n(?:- `.*`\n)*- `fake\/m`\n/);
  expect((await t.send("/model fake/m")).text).toBe("`fake/m` answers from here on.");
  expect((await t.send("/model")).text).toStartWith("`fake/m` answers here.");
  expect((await t.send("/model fake/n")).text).toBe(
    '`fake/n` answers from here on. "fake" does not list it. Did you mean `fake/m`?',
  );
  expect((await t.send("/model fake/another-one")).text).toEndWith(
    '"fake" does not list it. `/model` shows those that it lists.',
  );
  await t.send("/model fake/m");
  expect((await t.send("/model nonsense")).text).toStartWith('Model "nonsense" is not known.\n\n');
  expect(t.session().model).toBe("fake/m");
  expect((await t.send("/model default")).text).toBe("The agent's own model answers from here on.");
  expect(t.session().model).toBeNull();
});

test("/think shows and changes the thinking level, and refuses another word", async () => {
  await using t = await testAgent();
  expect((await t.send("/think")).text).toBe("Thinking is as the agent's own settings say.");
  expect((await t.send("/think High")).text).toBe("Thinking is high from here on.");
  expect((await t.send("/think")).text).toBe("Thinking is high here.");
  expect((await t.send("/think hihg")).text).toBe('"hihg" is no thinking level.\n\nDid you mean "high"?');
  expect((await t.send("/think 12345678")).text).toEndWith("There are: off, low, medium, high, default");
  expect(t.session().thinking).toBe("high");
  expect((await t.send("/think default")).text).toStartWith("Thinking is as the agent's own settings say");
});

test("/status counts the context since the conversation began anew", async () => {
  await using t = await testAgent();
  t.fake.reply("A short answer");
  await t.send("word ".repeat(1000));
  const tokens = async () =>
    Number(/about ([\d,]+) tokens/.exec((await t.send("/status")).text!)![1]!.replace(",", ""));
  expect(await tokens()).toBeGreaterThan(1000);
  await t.send("/new");
  expect(await tokens()).toBeLessThan(200);
});

test("/compact tells the older part by notes, and says when there is nothing to gain", async () => {
  await using t = await testAgent();
  await t.send("/whoami");
  expect((await t.send("/compact")).text).toBe("Nothing here is old enough to be told by notes.");
  for (let turn = 0; turn < 8; turn++) {
    t.fake.reply("word ".repeat(15_000));
    await t.send(`Write, the ${turn}th time`);
  }
  t.fake.answer(() => "## Goal\n- words, eight times");
  expect((await t.send("/compact")).text).toMatch(/^The conversation takes about [\d,]+ tokens now; it took [\d,]+\.$/);
  const asked = t.history().filter((line) => line.startsWith("user complete: Write"));
  expect(asked).toHaveLength(8);
});

test("/usage tells what the conversation took, and what all others took only to those who may read", async () => {
  await using t = await testAgent();
  expect((await t.send("/usage")).text).toStartWith("**This conversation:** nothing");
  t.fake.reply("Four");
  await t.send("2 + 2?");
  expect((await t.send("/usage")).text).toMatch(/^\*\*This conversation:\*\* [\d,]+ tokens in.*, [\d,]+ out/);
  expect((await t.send("/usage")).text).toContain("**Everywhere, last 24 hours:**");
  expect((await t.send("/usage", {}, peer("chat"))).text).not.toContain("Everywhere");
});

test("/whoami and /help tell each what they are and may call", async () => {
  await using t = await testAgent({ plugins: [PLUGIN] });
  expect((await t.send("/whoami")).text).toBe(
    `**You are:** \`owner\` (owner)\n**You may:** read, chat, write, approve, admin\n**Session:** \`${MAIN}\``,
  );
  expect((await t.send("/whoami", {}, GUEST)).text).toContain("talk, as a guest");
  const help = (await t.send("/help")).text!;
  expect(help).toContain("- `/model [NAME|default]` Show the models");
  expect(help).toContain("- `/ping` Answers");
  const words = async (grant: Grant) => (await t.send("/help", {}, grant)).text!.match(/`\/\w+/g);
  expect(await words(GUEST)).toEqual(["`/new", "`/stop", "`/whoami", "`/help"]);
  expect(await words(peer("chat"))).not.toContain("`/approve");
});

test.each(["/model", "/status", "/approve x", "/usage"])("CommandParts refuses a guest's %s", async (message) => {
  await using t = await testAgent();
  const word = message.split(" ")[0];
  expect((await t.send(message, {}, GUEST)).text).toBe(`${word} is not for guests.\n\n/help shows what you may call`);
  expect(t.fake.requests).toHaveLength(0);
});

test("/approve and /deny answer the question that is named, for as long as is said", async () => {
  await using t = await testAgent();
  expect((await t.send("/approve")).text).toBe("Nothing waits for an answer.");
  const [one, two, three] = [await ask(t, MAIN), await ask(t, MAIN), await ask(t, "agent:main:other")];
  expect((await t.send("/approve")).text).toContain(`- \`${one.id}\`: exec (it changes files)`);
  expect((await t.send(`/approve ${one.id}`)).text).toBe("Allowed `exec` once.");
  expect((await t.send(`/deny ${two.id}`)).text).toBe("Denied `exec`.");
  expect((await t.send(`/approve ${three.id} session`)).text).toBe("Allowed `exec` in this session.");
  expect(await Promise.all([one, two, three].map(({ answer }) => answer))).toEqual(["once", "deny", "session"]);
  expect((await t.send(`/approve ${one.id}`)).text).toBe(
    `No question "${one.id}" waits here.\n\nNothing waits for an answer`,
  );
});

test("/approve and /deny refuse what is not clear, and nothing is answered", async () => {
  await using t = await testAgent();
  const { id, answer } = await ask(t, MAIN);
  expect((await t.send(`/approve ${id} forever`)).text).toStartWith('"forever" says not for how long.');
  expect((await t.send(`/approve ${id} once more`)).text).toStartWith('"once more" says not for how long.');
  expect((await t.send(`/deny ${id} please`)).text).toStartWith("One call is refused at a time.");
  expect((await t.send("/deny nothing")).text).toBe(
    `No question "nothing" waits here.\n\n- \`${id}\`: exec (it changes files)`,
  );
  expect(t.approvals.get(id).status).toBe("pending");
  await t.send(`/deny ${id}`);
  expect(await answer).toBe("deny");
});

test("/approve is for who has the scope, and for people let in over a channel in their own conversation alone", async () => {
  await using t = await testAgent();
  const own = "agent:main:chat:dm:p1";
  const say = (message: string, grant: Grant) => t.send(message, { session_key: own }, grant);
  const [mine, other] = [await ask(t, own), await ask(t, MAIN)];
  const inMine = await ask(t, buildSessionKey({ form: "subagent", parent: own, name: "a1" }));
  expect((await say(`/approve ${mine.id}`, peer("chat"))).text).toStartWith('/approve needs the scope "approve".');
  expect((await say(`/approve ${other.id}`, peer("chat", "approve"))).text).toStartWith(`No question "${other.id}"`);
  expect((await say("/approve", peer("chat", "approve"))).text).not.toContain(other.id);
  expect((await say(`/approve ${mine.id}`, peer("chat", "approve"))).text).toBe("Allowed `exec` once.");
  expect((await say(`/deny ${inMine.id}`, peer("chat", "approve"))).text).toBe("Denied `exec`.");
  expect(t.approvals.get(other.id).status).toBe("pending");
  await t.send(`/deny ${other.id}`);
  await Promise.all([mine.answer, other.answer, inMine.answer]);
});
