import { expect, test } from "bun:test";
import { insertOutgoing } from "../../src/channel/outbox.ts";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Button } from "../../src/sdk/channel.ts";
import { appendMessage } from "../../src/session/messages.ts";
import type { StoredRun } from "../../src/session/runs.ts";
import { testAgent } from "../support/agent.ts";
import { OPEN_POLICY, testChat } from "../support/chat.ts";
import { refusal } from "../support/config.ts";
import { until } from "../support/until.ts";

type Tool = { readonly function: { readonly name: string } };

const GROUP = { id: "G1", addressed: true };

test("Chats answers what the owner writes, and a message that comes twice once", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  agent.fake.reply("Hello!", "Again.");
  expect(await t.say("hi", { id: "7" })).toEqual({ taken: true });
  await until(() => t.shown.length === 1);
  expect(await t.say("hi", { id: "7" })).toEqual({ taken: true });
  await Promise.all([t.say("more", { id: "8" }), t.say("more", { id: "8" })]);
  await until(() => t.shown.length === 2);
  expect(t.shown.map(({ conversation, text, extras }) => [conversation, text, extras.replyTo])).toEqual([
    ["room", "Hello!", "7"],
    ["room", "Again.", "8"],
  ]);
  // Places that recognise a key take a second message with it for the first one.
  expect(new Set(t.shown.map(({ extras }) => extras.key)).size).toBe(2);
  expect(agent.history("agent:main:chat:dm:U1")).toEqual([
    "user complete: hi",
    "assistant complete: Hello!",
    "user complete: more",
    "assistant complete: Again.",
  ]);
});

test("Chats gives a stranger a code once and nothing else, until the owner lets him in", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  const stranger = { sender: { id: "U2", name: "Eve" }, conversation: "eve" };
  await t.say("let me in", stranger);
  await t.say("please", stranger);
  const [waiting] = t.peers.waiting();
  await until(() => t.shown.length === 1);
  expect(t.texts()[0]).toContain(`aleph pairing approve ${waiting!.code}`);
  expect([agent.fake.requests.length, t.refused]).toEqual([0, ["U2", "U2"]]);
  expect(t.peers.find(` ${waiting!.code.toLowerCase()} `)).toEqual(waiting!);
  await t.peers.approve(waiting!, ["chat"], "owner");
  agent.fake.reply("Welcome.");
  await t.say("thanks", stranger);
  await until(() => t.shown.length === 2);
  expect(t.texts()[1]).toBe("Welcome.");
  expect(agent.runs.list({ limit: 1 })[0]!.request.grant).toEqual({
    identity: { id: "chat:U2", kind: "peer" },
    role: "operator",
    scopes: ["chat"],
  });
  await t.peers.remove("chat", "U2");
  await t.say("still there?", stranger);
  expect(t.refused.length).toBe(3);
  expect((await refusal(() => t.peers.remove("chat", "U2"))).reason).toBe("not_found");
});

test("Chats gives a stranger who was refused no other code before the time of his own is over", async () => {
  let time = 1_000_000;
  await using agent = await testAgent();
  await using t = await testChat(agent, { now: () => time });
  const stranger = { sender: { id: "U2" } };
  await t.say("let me in", stranger);
  const [waiting] = t.peers.waiting();
  expect([await t.peers.reject(waiting!), await t.peers.reject(waiting!)]).toEqual([true, false]);
  expect(await t.peers.approve(waiting!, ["chat"], "owner")).toBeUndefined();
  await t.say("let me in", stranger);
  expect(t.peers.waiting()).toEqual([]);
  time += 61 * 60_000;
  await t.say("let me in", stranger);
  expect(t.peers.waiting()).toHaveLength(1);
});

test("Chats lets so many strangers wait and no more", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  for (let at = 0; at < 30; at += 1) await t.say("hi", { sender: { id: `S${at}` }, conversation: `c${at}` });
  expect(t.peers.waiting()).toHaveLength(20);
});

test("Chats takes nothing that its policy does not name", async () => {
  await using agent = await testAgent();
  const cases: [string, Parameters<typeof testChat>[1], object][] = [
    ["an allowlist without him", { policy: { dm_policy: "allowlist" } }, { sender: { id: "U2" } }],
    ["no private messages", { policy: { dm_policy: "disabled" } }, {}],
    [
      "a group that is not named",
      { policy: { groups: { G2: { require_mention: true, allow_from: [] } } } },
      { group: GROUP },
    ],
    [
      "a stranger in a group",
      { policy: { groups: { "*": { require_mention: true, allow_from: ["U3"] } } } },
      { group: GROUP, sender: { id: "U2" } },
    ],
  ];
  for (const [why, options, more] of cases) {
    await using t = await testChat(agent, options);
    expect(await t.say("hi", { ...more, id: why })).toEqual({ taken: false });
    expect([why, t.refused.length, t.shown.length, t.peers.waiting().length]).toEqual([why, 1, 0, 0]);
  }
  // An id that is a key of every object is a group that is not named.
  await using t = await testChat(agent, { policy: { groups: {} } });
  await t.say("hi", { group: { id: "constructor", addressed: true } });
  expect(t.refused).toEqual(["U1"]);
  expect(agent.fake.requests).toEqual([]);
});

test("Chats hears in a group what is said to it, with the name of who says it, in the group's own session", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { policy: { groups: { G1: { require_mention: true, allow_from: [] } } } });
  agent.fake.reply("Noon.");
  await t.say("nothing for you", { group: { ...GROUP, addressed: false } });
  await t.say("when?", { group: { ...GROUP, thread: "t 1" }, sender: { id: "U1", name: "[Ada]\n" } });
  await until(() => t.shown.length === 1);
  expect(t.refused).toEqual([]);
  expect(agent.history("agent:main:chat:group:G1:thread:b64.dCAx")).toEqual([
    "user complete: [Ada] when?",
    "assistant complete: Noon.",
  ]);
});

test("Chats cuts no character of a long name in half", async () => {
  await using agent = await testAgent();
  agent.fake.reply("Hello!");
  await using t = await testChat(agent, { policy: { groups: { "*": { require_mention: true, allow_from: [] } } } });
  const load = () => Promise.reject(new Error("gone"));
  const files = [{ name: `${"n".repeat(254)}😀.png`, load }];
  await t.say("hi", { sender: { id: "U1", name: `${"a".repeat(63)}😀` }, group: GROUP, files });
  await until(() => t.shown.length === 1);
  const { parts } = agent.store.db.query<{ parts: string }, []>("SELECT parts FROM message WHERE role = 'user'").get()!;
  const [{ text }] = JSON.parse(parts) as [{ text: string }];
  expect([text.startsWith("[aaa"), text.includes("nnn"), text.isWellFormed()]).toEqual([true, true, true]);
});

test("Chats takes guests where the owner says so, and nothing of it stays on disk", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { policy: { dm_policy: "open" } });
  agent.fake.reply("Hello, guest.");
  await t.say("a secret of mine", { sender: { id: "U2" } });
  await until(() => t.shown.length === 1);
  expect(t.texts()).toEqual(["Hello, guest."]);
  const tables = agent.store.db
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all();
  const kept = tables.flatMap(({ name }) => agent.store.db.query(`SELECT * FROM "${name}"`).values());
  expect(JSON.stringify(kept)).not.toContain("a secret of mine");
  expect(agent.runs.list({ limit: 5 }).map(({ request }) => request.grant.role)).toEqual(["guest"]);
});

test("Chats gives guests no tool but those that the table names, and no memory", async () => {
  await using agent = await testAgent();
  const group = { require_mention: false, allow_from: ["*"] };
  const groups = { G1: group, G2: { ...group, guest_tools: ["time", "read"] } };
  await using t = await testChat(agent, { policy: { dm_policy: "open", groups } });
  agent.fake.reply("1", "2", "3", "4");
  const offered = () => (agent.fake.requests.at(-1)!.body.tools ?? []).map((tool: Tool) => tool.function.name);
  await t.say("hi");
  await until(() => t.shown.length === 1);
  expect(offered()).toContain("memory_search");
  await t.say("hi", { sender: { id: "U2" } });
  await until(() => t.shown.length === 2);
  expect(offered()).toEqual([]);
  await t.say("hi", { sender: { id: "U2" }, conversation: "g1", group: { id: "G1", addressed: true } });
  await until(() => t.shown.length === 3);
  expect(offered()).toEqual([]);
  await t.say("hi", { sender: { id: "U2" }, conversation: "g2", group: { id: "G2", addressed: true } });
  await until(() => t.shown.length === 4);
  expect(offered().toSorted()).toEqual(["read", "time"]);
  const [{ request, sessionKey }] = agent.runs.list({ limit: 1 }) as [StoredRun];
  expect(request.grant).toEqual({
    identity: { id: "chat:U2", kind: "guest" },
    role: "guest",
    scopes: ["chat"],
    guest: { sessionKey, tools: ["time", "read"] },
  });
  // Nothing of a guest's session is learned.
  expect(agent.session(sessionKey).kind).toBe("guest");
});

test("Chats tells a guest that something failed, and the owner why", async () => {
  const budget = { ...DEFAULTS.limits.budget, identity: { tokens: 50, cost_usd: 0 } };
  await using agent = await testAgent({ limits: { ...DEFAULTS.limits, budget } });
  await using t = await testChat(agent, { policy: { dm_policy: "open" } });
  agent.fake.answer(() => ({ status: 400, message: "Organization org-kumquat may not use it" }));
  await t.say("hi", { sender: { id: "U2" } });
  await t.say("hi");
  await until(() => t.shown.length === 2);
  expect(t.shown.map(({ text }) => text)).toEqual([
    "I could not answer: Something went wrong here: try it later",
    expect.stringContaining("Organization org-kumquat may not use it"),
  ]);
  agent.fake.answer(() => ({ steps: ["ok"], usage: { input: 90, output: 10 } }));
  for (const [at, id] of ["U1", "U1", "U2", "U2"].entries()) {
    await t.say("hi", { sender: { id } });
    await until(() => t.shown.length === 3 + at);
  }
  expect(t.shown.map(({ text }) => text).slice(2)).toEqual([
    "ok",
    "I could not take this: Your budget of the day is used up: 50 tokens",
    "ok",
    "I could not take this: The allowance is used up",
  ]);
});

test("Chats denies a guest a tool that he was not offered, and one that is the owner's alone", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { policy: { dm_policy: "open", guest_tools: ["session_list"] } });
  const call = (tool: string) => ({ steps: [{ tool_call: { id: `c_${tool}`, name: tool, args: {} } }] });
  agent.fake.reply(call("time"), call("session_list"), "I cannot");
  await t.say("what time is it?", { sender: { id: "U2" } });
  await until(() => t.shown.length === 1);
  const results = agent.fake.requests.at(-1)!.body.messages.filter(({ role }: { role: string }) => role === "tool");
  expect(results.map(({ content }: { content: string }) => content)).toEqual([
    'Error: Tool "time" is not allowed here',
    'Error: Tool "session_list" is not for this guest',
  ]);
});

test("Chats answers a guest's commands, alone and in a group", async () => {
  await using agent = await testAgent();
  const groups = { G1: { require_mention: false, allow_from: ["*"] } };
  await using t = await testChat(agent, { policy: { dm_policy: "open", groups } });
  await t.say("/whoami", { sender: { id: "U2" } });
  await until(() => t.shown.length === 1);
  await t.say("/model", { sender: { id: "U2" }, conversation: "g", group: { id: "G1", addressed: true } });
  await until(() => t.shown.length === 2);
  expect(t.texts()[0]).toContain("talk, as a guest");
  expect(t.texts()[1]).toStartWith("/model is not for guests");
  expect(agent.fake.requests).toHaveLength(0);
});

test("Chats shows an answer while it grows, in as many messages as it takes, and ends with what was said", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent, { capabilities: { edit: true }, limit: 40 });
  const gate = Promise.withResolvers<void>();
  agent.fake.reply({
    steps: ["One two three. ", "Four five six seven. ", { wait: gate.promise }, "Eight nine ten eleven twelve."],
  });
  await t.say("count");
  await until(() => t.texts()[0]?.startsWith("One two three. Four five six seven"));
  gate.resolve();
  await until(() => t.texts().join(" ").endsWith("twelve."));
  await until(() => agent.store.db.query("SELECT * FROM channel_outbox").values().length === 0);
  expect(t.texts()).toEqual(["One two three. Four five six seven.", "Eight nine ten eleven twelve."]);
});

test.each([
  ["does not grow", { refuses: true, nameless: false }],
  ["has no name", { refuses: false, nameless: true }],
])("Chats sends the whole of an answer whose beginning %s", async (_, { refuses, nameless }) => {
  await using agent = await testAgent();
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  await using t = await testChat(agent, {
    capabilities: { edit: true },
    nameless,
    onSend(text, { grows } = {}) {
      if (!grows) return;
      begun.push(text);
      gate.resolve();
      if (refuses) throw new AlephError("invalid_params", "What one person alone sees does not grow");
    },
  });
  agent.fake.reply({ steps: ["One two three. ", { wait: gate.promise }, "Four."] });
  await t.say("count");
  await until(() => t.texts().at(-1) === "One two three. Four.");
  expect([begun, t.edits]).toEqual([["One two three."], []]);
});

test("Chats sends again what the place did not take, in order, and gives up what it never will", async () => {
  await using agent = await testAgent();
  let failures = 3;
  await using t = await testChat(agent, {
    onSend(text) {
      if (text === "First." && failures-- > 0) throw new Error("gateway is away");
      if (text === "Second.") throw new AlephError("invalid_params", "The place takes no such message");
    },
  });
  agent.fake.reply("First.", "Second.", "Third.");
  for (const text of ["a", "b", "c"]) await t.say(text);
  await until(() => t.shown.length === 2, 20_000);
  expect(t.texts()).toEqual(["First.", "Third."]);
  expect(t.counts()).toEqual({ waiting: 0, failed: 1 });
});

test("Chats sends after the connection came back what was answered meanwhile", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  agent.fake.reply("Late.");
  t.connect(false);
  await t.say("hi");
  await until(() => t.counts().waiting === 1);
  expect(t.shown).toEqual([]);
  t.connect(true);
  await until(() => t.texts()[0] === "Late.");
});

test("Chats takes up after a restart what an earlier process left at any point", async () => {
  await using agent = await testAgent();
  agent.fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const insert = agent.store.db.query(
    `INSERT INTO channel_inbox (channel, message_id, conversation, session_key, request, run_id, received_at) VALUES ('chat', ?, 'room', 'agent:main:chat:dm:U1', ?, ?, ${Date.now()})`,
  );
  const request = (text: string, files: readonly string[] = []) =>
    JSON.stringify({
      text,
      files,
      grant: { identity: { id: "owner", kind: "owner" }, role: "operator", scopes: ["chat"] },
    });
  // Received; started and not noted; ended and not answered.
  insert.run("1", request("one", ["a.png"]), null);
  const params = { session_key: "agent:main:chat:dm:U1" };
  await agent.send("two", { ...params, idempotency_key: "interface:chat:2" });
  insert.run("2", request("two"), null);
  const { id } = await agent.send("three", params);
  insert.run("3", null, id);
  await using t = await testChat(agent);
  t.connect(true);
  await until(() => t.shown.length === 3);
  expect(t.texts().toSorted()).toEqual([
    'Answer to one\n[file "a.png" was lost: send it again]',
    "Answer to three",
    "Answer to two",
  ]);
  // The place gives it once more.
  await t.say("one", { id: "1" });
  t.connect(true);
  expect(agent.runs.list({ limit: 10 })).toHaveLength(3);
});

test("Chats takes with its files what the place gives again after a restart", async () => {
  await using agent = await testAgent();
  const message = { id: "1", conversation: "room", sender: { id: "U1" }, text: "look" };
  {
    await using t = await testChat(agent);
    const stopping = new AbortController();
    const join = { realm: "chat", policy: OPEN_POLICY, refused: () => {}, signal: stopping.signal };
    const chat = t.chats.join("chat", join);
    // The interface stops while the file is on its way.
    const load = async () => {
      stopping.abort();
      throw new Error("Gone");
    };
    expect((await refusal(() => chat.receive({ ...message, files: [{ name: "a.txt", load }] }))).reason).toBe(
      "overloaded",
    );
  }
  agent.fake.reply("Seen.");
  await using t = await testChat(agent);
  t.connect(true);
  let loaded = 0;
  const load = async () => new Uint8Array([++loaded]);
  const file = { name: "a.txt", type: "text/plain", load };
  expect(await t.chat.receive({ ...message, files: [file] })).toEqual({ taken: true });
  await until(() => t.texts()[0] === "Seen.");
  expect(agent.runs.list({ limit: 10 })).toHaveLength(1);
  const { parts } = agent.store.db.query<{ parts: string }, []>("SELECT parts FROM message WHERE role = 'user'").get()!;
  expect([JSON.parse(parts), loaded]).toEqual([[{ type: "text", text: "look" }], 1]);
});

test("Chats asks in the conversation, and takes the answer of who may give it", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  const gate = Promise.withResolvers<void>();
  agent.fake.reply({ steps: [{ wait: gate.promise }, "Done."] });
  await t.say("do it");
  const [run] = await until(
    () => agent.runs.list({ limit: 1 }).some(({ status }) => status === "running") && agent.runs.list({ limit: 1 }),
  );
  const command = `echo \`\`\` ${"x".repeat(900)} end`;
  const asked = agent.approvals.request(
    {
      tool: "exec",
      plan: { command },
      reason: "Writes a file",
      runId: run!.id,
      callId: "call_1",
      sessionKey: "agent:main:chat:dm:U1",
      workspace: "/w",
      identity: { id: "owner", kind: "owner" },
      ttlMs: 60_000,
    },
    new AbortController().signal,
  );
  await until(() => t.shown.length >= 2);
  expect(t.texts().join("").replaceAll(/\s/g, "")).toContain(command.replaceAll(/\s/g, ""));
  expect(t.shown.slice(0, -1).map(({ extras }) => extras.buttons)).toEqual([undefined]);
  const [[once], [deny]] = t.shown.at(-1)!.extras.buttons! as unknown as [[Button], [Button]];
  for (const { value } of [once, deny]) expect(value.length).toBeLessThanOrEqual(64);
  const press = async (id: string, value: string) =>
    (await t.chat.press({ conversation: "room", sender: { id }, value })).text;
  expect(await press("U2", once.value)).toBe("You may not answer this");
  expect(await press("U1", "ap:o:unknown")).toBe('Approval "unknown" does not exist');
  expect(await press("U1", "else")).toBe("This button does nothing any more");
  expect(await press("U1", once.value)).toBe("Allowed once");
  expect(await press("U1", deny.value)).toContain("approved already");
  expect(await asked).toBe("once");
  gate.resolve();
  await until(() => t.texts().at(-1) === "Done.");
});

test("Chats lets a peer with the right to approve answer in his own conversation alone", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  for (const [id, scopes] of [
    ["U2", ["chat", "approve"]],
    ["U3", ["chat"]],
  ] as const) {
    await t.say("hi", { sender: { id } });
    await t.peers.approve(t.peers.waiting()[0]!, scopes, "owner");
  }
  const ask = (sessionKey: string) => {
    const stop = new AbortController();
    const question = {
      tool: "exec",
      plan: { command: sessionKey },
      reason: "Writes",
      runId: null,
      callId: "c",
      sessionKey,
      workspace: "/w",
      identity: { id: "owner", kind: "owner" },
      ttlMs: 60_000,
    } as const;
    return { asked: agent.approvals.request(question, stop.signal), stop };
  };
  const press = async (id: string, sessionKey: string) => {
    const { asked, stop } = ask(sessionKey);
    const { approval_id } = await until(() =>
      agent.approvals.list({ status: "pending" }).find(({ session_key }) => session_key === sessionKey),
    );
    const said = await t.chat.press({ conversation: "room", sender: { id }, value: `ap:o:${approval_id}` });
    stop.abort();
    return [said.text, await asked];
  };
  expect(await press("U2", "agent:main:chat:dm:U2")).toEqual(["Allowed once", "once"]);
  expect(await press("U2", "agent:main:main")).toEqual(["You may not answer this", "cancelled"]);
  expect(await press("U3", "agent:main:chat:dm:U3")).toEqual(["You may not answer this", "cancelled"]);
});

test("Chats says why it could not take a message, and keeps files within bounds", async () => {
  await using agent = await testAgent({ agents: { main: {} } });
  await using t = await testChat(agent, { policy: { agent: "nobody" } });
  await t.say("hi");
  await until(() => t.shown.length === 1);
  expect(t.texts()[0]).toMatch(/^I could not take this: .*nobody/);
  await using ok = await testChat(agent);
  agent.fake.reply("Seen.");
  const load = async () => new Uint8Array(3);
  await ok.say("", {
    id: "files",
    files: [
      { name: "big.bin", size: 1e9, load },
      { name: "gone.bin", load: () => Promise.reject(new AlephError("not_found", "It is gone")) },
      { name: "a.bin", load },
    ],
  });
  await until(() => ok.shown.length === 1);
  const content = JSON.stringify(agent.fake.requests.at(-1)!.body.messages);
  for (const said of ["larger than 20 MB", "It is gone", "a.bin"]) expect(content).toContain(said);
});

test("Chats drops what is no message, and what no person writes so fast", async () => {
  await using agent = await testAgent();
  agent.fake.answer(() => "ok");
  await using t = await testChat(agent);
  for (const bad of [
    { id: "" },
    { id: "x".repeat(201) },
    { conversation: "" },
    { sender: { id: "" } },
    { text: " " },
  ]) {
    await t.say("hi", bad);
  }
  expect(agent.warned().filter((line) => line === "message of a chat is not valid")).toHaveLength(5);
  await t.say("hi", { sender: { id: "U2" } });
  await t.peers.approve(t.peers.waiting()[0]!, ["chat"], "owner");
  for (let at = 0; at < 60; at += 1) await t.say("/", { sender: { id: "U2" } });
  expect(agent.warned()).toContain("message dropped: too many of them");
});

test("Chats says so when too much waits in a session, and takes what others write", async () => {
  await using agent = await testAgent();
  await using t = await testChat(agent);
  const gate = Promise.withResolvers<void>();
  agent.fake.reply({ steps: [{ wait: gate.promise }, "First."] });
  agent.fake.answer(() => "ok");
  for (let at = 0; at < 34; at += 1) await t.say(`q${at}`, { id: `m${at}` });
  await until(() => t.shown.length === 1);
  expect(t.shown[0]).toMatchObject({ text: "I could not take this: 32 runs wait in this session already" });
  gate.resolve();
  await until(() => t.shown.length === 34, 20_000);
  // The platform gives it once more: it was answered.
  await t.say("q33", { id: "m33" });
  expect(t.shown).toHaveLength(34);
});

test("Chats does not send what waited for longer than a week, nor answer what was asked before that", async () => {
  const week = 7 * 24 * 60 * 60_000;
  let time = 1_000_000;
  await using agent = await testAgent();
  await using t = await testChat(agent, { now: () => time });
  agent.fake.reply("Late.");
  t.connect(false);
  await t.say("hi");
  await until(() => t.counts().waiting === 1);
  agent.store.db.run("UPDATE channel_inbox SET answered = 0");
  time += week + 1;
  t.connect(true);
  await until(() => t.counts().failed === 1);
  expect([t.shown, t.counts()]).toEqual([[], { waiting: 0, failed: 1 }]);
  expect(agent.store.db.query("SELECT * FROM channel_inbox").values()).toEqual([]);
});

test("Chats sends nothing again while the disk is too full to note that it was sent", async () => {
  await using agent = await testAgent();
  const { db } = agent.store;
  const full = "CREATE TRIGGER full BEFORE DELETE ON channel_outbox BEGIN SELECT raise(FAIL, 'disk is full'); END";
  await using t = await testChat(agent, { onSend: (text) => text === "Hello!" && db.run(full) });
  agent.fake.reply("Hello!", "Again.");
  await t.say("hi");
  await until(() => agent.failed().filter((line) => line === "message could not be noted as sent").length >= 3);
  expect(t.texts()).toEqual(["Hello!"]);
  db.run("DROP TRIGGER full");
  await t.say("more");
  await until(() => t.shown.length === 2);
  expect(t.texts()).toEqual(["Hello!", "Again."]);
});

test("Chats brings an answer back for which the disk had no room at first", async () => {
  await using agent = await testAgent();
  const { db } = agent.store;
  db.run("CREATE TRIGGER full BEFORE INSERT ON channel_outbox BEGIN SELECT raise(FAIL, 'disk is full'); END");
  await using t = await testChat(agent);
  agent.fake.reply("Hello!");
  await t.say("hi");
  await until(() => agent.failed().filter((line) => line === "answer could not be brought back").length >= 2);
  expect(t.texts()).toEqual([]);
  db.run("DROP TRIGGER full");
  await until(() => t.shown.length === 1);
  expect(t.texts()).toEqual(["Hello!"]);
});

test("Chats names what a run made where the place takes no files, and sends each once where it does", async () => {
  await using agent = await testAgent();
  const made = await agent.media.put(new TextEncoder().encode("sound"), { mime: "audio/mpeg" });
  for (const files of [false, true]) {
    await using t = await testChat(agent, { capabilities: { files } });
    const gate = Promise.withResolvers<void>();
    agent.fake.reply({ steps: ["Listen.", { wait: gate.promise }] });
    await t.say("sing", { id: `m${files}` });
    const [{ id, sessionId }] = agent.runs.list({ limit: 1 }) as [StoredRun];
    const result = { type: "tool_result", call_id: "c", tool: "speak", status: "ok", text: "Spoken" } as const;
    const parts = [{ ...result, media: [{ ...made, for_person: true }, made] as const }].map((part) => ({
      ...part,
      media: [...part.media],
    }));
    const message = { sessionId, runId: id, role: "tool", parts, status: "complete", ts: 1 } as const;
    await agent.store.write((db) => appendMessage(db, message));
    gate.resolve();
    await until(() => t.shown.length === (files ? 2 : 1));
    const [answer, sound] = t.shown;
    expect(answer!.text).toBe(files ? "Listen." : "Listen.\n\n[speech-1.mp3: this place takes no files]");
    const [file] = sound?.extras.files ?? [];
    expect(file && [sound!.text, file.name, file.type, new TextDecoder().decode(await file.load())]).toEqual(
      files ? ["", "speech-1.mp3", "audio/mpeg", "sound"] : undefined,
    );
  }
});

test("Chats says that a file did not go which the place will never take", async () => {
  await using agent = await testAgent();
  const file = { ...(await agent.media.put(new Uint8Array(3), { mime: "video/mp4" })), name: "film.mp4" };
  await using t = await testChat(agent, {
    capabilities: { files: true },
    onSend(text) {
      if (text === "") throw new AlephError("payload_too_large", "The place takes no more than 2 bytes");
    },
  });
  const extras = { files: [{ media_id: file.media_id, name: "film.mp4", type: "video/mp4" }] };
  await agent.store.write((db) => {
    insertOutgoing(db, { channel: "chat", conversation: "room", text: "", extras }, Date.now());
    insertOutgoing(db, { channel: "chat", conversation: "room", text: "After it." }, Date.now());
  });
  t.chats.kick("chat");
  await until(() => t.shown.length === 2);
  expect(t.texts()).toEqual(["After it.", "[film.mp4 could not be sent: The place takes no more than 2 bytes]"]);
  expect(t.counts()).toEqual({ waiting: 0, failed: 1 });
});
