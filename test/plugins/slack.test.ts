/** The bundled plugin in a process of its own, at a Slack of the test. */
import { expect, test } from "bun:test";
import { carriedManifest, startBundled } from "../support/bundled-plugin.ts";
import { refusal } from "../support/config.ts";
import { fakeSlack, SLACK } from "../support/slack.ts";
import { until } from "../support/until.ts";
import { config, connected, said } from "./slack/set-up.ts";

test("slack asks for Slack's own hosts and nothing else", async () => {
  const { permissions } = await carriedManifest("slack");
  expect(permissions).toEqual({
    network: [
      "slack.com",
      "files.slack.com",
      "wss.slack.com",
      "wss-primary.slack.com",
      "wss-backup.slack.com",
      "hooks.slack.com",
    ].map((host) => `connect:https://${host}`),
    filesystem: [],
    env: [],
  });
});

test("slack tells a direct message, acknowledged at once, and answers it", async () => {
  await using t = await connected();
  const { ts, afterMs } = await t.slack.write("Is 1 &lt; 2 &amp; 3? See <https://example.com/a|the page>");
  expect(await t.told()).toEqual([
    said("Is 1 < 2 & 3? See the page (https://example.com/a)", { id: `${SLACK.dm}:${ts}` }),
  ]);
  expect(afterMs).toBeLessThan(3000);
  const answer = { id: expect.any(String) };
  expect(await t.send(SLACK.dm, "**Yes**, 1 < 2 & see [it](https://example.com/?a=1&b=2) <!channel>")).toEqual(answer);
  expect(t.slack.messages).toEqual([
    {
      channel: SLACK.dm,
      user: SLACK.bot,
      text: "*Yes*, 1 &lt; 2 &amp; see <https://example.com/?a=1&amp;b=2|it> &lt;!channel&gt;",
      ts: expect.any(String),
      more: { unfurl_links: "false", unfurl_media: "false" },
    },
  ]);
});

test("slack answers a mention in a thread, and goes on there without being named again", async () => {
  await using t = await connected();
  const { channel } = SLACK;
  await t.slack.write("nobody asks the bot", { channel });
  // A mention is told twice, in two events.
  const { ts, fields } = await t.slack.write(`<@${SLACK.bot}> what is new?`, { channel });
  await t.slack.event({ ...fields, type: "app_mention", channel_type: undefined }).acknowledged.promise;
  const conversation = `${channel}@${ts}`;
  const first = said("what is new?", { conversation, kind: "group", id: `${channel}:${ts}` });
  expect(await t.told()).toEqual([first]);
  await t.slack.write("not a word to the bot", { channel, thread_ts: ts });
  await t.send(conversation, "Much");
  const [{ thread_ts } = {}] = t.slack.messages;
  expect(thread_ts).toBe(ts);
  const next = await t.slack.write("such as?", { channel, thread_ts: ts });
  const second = said("such as?", { conversation, kind: "group", id: `${channel}:${next.ts}` });
  expect(await t.told()).toEqual([first, second]);
  // The threads are remembered when the plugin starts anew.
  await until(async () => (await Bun.file(`${t.plugin.privateFolder}/threads.json`).exists()) || undefined);
  expect(await Bun.file(`${t.plugin.privateFolder}/threads.json`).json()).toEqual([conversation]);
  await t.connect();
  const third = await t.slack.write("and now?", { channel, thread_ts: ts });
  expect((await t.told()).at(-1)).toEqual(
    said("and now?", { conversation, kind: "group", id: `${channel}:${third.ts}` }),
  );
});

test("slack hears every message of a channel where that is wanted, and threads in direct messages", async () => {
  await using t = await connected({ require_mention: false });
  const { channel, dm } = SLACK;
  const open = await t.slack.write("hello all", { channel });
  const thread = await t.slack.write("in a thread", { channel: dm, thread_ts: "1.2" });
  expect(await t.told()).toEqual([
    said("hello all", { conversation: `${channel}@${open.ts}`, kind: "group", id: `${channel}:${open.ts}` }),
    said("in a thread", { conversation: `${dm}@1.2`, id: `${dm}:${thread.ts}` }),
  ]);
});

test.each([
  ["an edited message", { subtype: "message_changed" }],
  ["a deleted message", { subtype: "message_deleted", hidden: true }],
  ["who joined", { subtype: "channel_join" }],
  ["another program", { bot_id: "B2" }],
  ["itself", { user: SLACK.bot }],
  ["nothing but a mention", { text: `<@${SLACK.bot}>` }],
  ["a reaction", { type: "reaction_added" }],
])("slack is not moved by %s", async (_, more) => {
  await using t = await connected();
  const { afterMs } = await t.slack.write("text", more);
  expect([await t.told(), afterMs < 3000]).toEqual([[], true]);
});

test("slack tells what came with a message, and gives the bytes, which only the bot's token opens", async () => {
  await using t = await connected();
  const bytes = new Uint8Array(700_000).map((_, at) => (at * 31) % 251);
  const plan = t.slack.keep("plan.pdf", bytes, { mimetype: "application/pdf" });
  const note = t.slack.keep("note.txt", new TextEncoder().encode("hi"));
  await t.slack.write("", { subtype: "file_share", files: [plan, note, { mode: "tombstone" }] });
  const [message] = (await t.told()) as { text: string; files: { id: string }[] }[];
  expect(message).toMatchObject({
    text: "",
    files: [
      { id: plan.id, name: "plan.pdf", type: "application/pdf", size: 700_000 },
      { id: note.id, name: "note.txt", size: 2 },
    ],
  });
  const pieces = (await Array.fromAsync(t.load(plan.id))) as string[];
  expect(pieces.length).toBeGreaterThan(1);
  expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).equals(bytes)).toBe(true);
  expect(await Array.fromAsync(t.load(note.id))).toEqual([btoa("hi")]);
});

test("slack brings and gives files of the largest size again and again, within the memory of a plugin", async () => {
  const limits = { memoryBytes: 512 * 1024 * 1024, timeoutMs: 60_000, maxAnswer: 1024 * 1024 };
  await using slack = fakeSlack();
  await using plugin = await startBundled("slack", { origins: [slack.url], host: { limits } });
  await plugin.call("connectSlack", { channel: "slack", config: config(slack) });
  const bytes = Buffer.alloc(16_000_000, "Aleph 8 ");
  const files = [{ name: "a.bin", type: "text/plain", data: bytes.toString("base64") }];
  const { id } = slack.keep("b.bin", bytes);
  for (let round = 1; round <= 3; round++) {
    await plugin.call("sendSlack", { channel: "slack", conversation: SLACK.dm, text: "", files });
    expect(bytes.equals(slack.messages.at(-1)!.files!["a.bin"]!)).toBe(true);
    const hash = new Bun.CryptoHasher("sha256");
    for await (const piece of plugin.stream("loadSlack", { channel: "slack", file: id }))
      hash.update(piece as string, "base64");
    expect(hash.digest("hex")).toBe(Bun.SHA256.hash(bytes, "hex"));
  }
}, 90_000);

test.each([
  ["nobody brought", undefined, {}, "The file cannot be read: Slack says file_not_found"],
  ["is kept elsewhere", "map", { url_private_download: "https://evil.example.com/map" }, "It is not kept in Slack"],
  ["has no address", "post", { url_private_download: undefined }, "It is not kept in Slack"],
])("slack gives no file that %s, nor the token to anybody else", async (_, name, more, message) => {
  await using t = await connected();
  const id = name === undefined ? "F404" : t.slack.keep(name, new Uint8Array(3), more).id;
  expect(await refusal(() => Array.fromAsync(t.load(id)))).toMatchObject({ reason: "plugin_error", message });
  expect(t.plugin.refused).toEqual([]);
});

test.each([
  [() => new Response("gone", { status: 410 }), /^Slack does not give it \(status 410\)$/],
  [
    () => new Response("<title>Sign in</title>", { headers: { "content-type": "text/html; charset=utf-8" } }),
    /^Slack does not give it: does the app have the scope files:read$/,
  ],
  [() => Response.redirect("https://slack.com/sign-in"), /redirect/i],
])("slack says why the bytes of a file did not come: %#", async (response, message) => {
  await using t = await connected();
  t.slack.fail("download", response);
  const { id } = t.slack.keep("plan.pdf", new Uint8Array(3));
  expect(await refusal(() => Array.fromAsync(t.load(id)))).toMatchObject({ message: expect.stringMatching(message) });
});

test("slack brings files to a thread, to a person, and to who typed a command", async () => {
  await using t = await connected();
  const large = new Uint8Array(1_500_000).map((_, at) => at % 253);
  const file = (name: string, bytes: Uint8Array) => ({
    name,
    type: "application/octet-stream",
    data: Buffer.from(bytes).toString("base64"),
  });
  await t.sendFiles(`${SLACK.channel}@1.2`, [file("a.bin", large), file("b.bin", new Uint8Array([1, 2]))]);
  await t.sendFiles(SLACK.owner, [file("c.bin", new Uint8Array([3]))]);
  await t.sendFiles(`${SLACK.elsewhere}+${SLACK.owner}`, [file("d.bin", new Uint8Array([4]))]);
  expect(t.slack.messages).toMatchObject([
    { channel: SLACK.channel, thread_ts: "1.2", files: { "b.bin": new Uint8Array([1, 2]) } },
    { channel: SLACK.dm, files: { "c.bin": new Uint8Array([3]) } },
    { channel: SLACK.dm, files: { "d.bin": new Uint8Array([4]) } },
  ]);
  expect(Buffer.from(t.slack.messages[0]!.files!["a.bin"]!).equals(large)).toBe(true);
});

test("slack says of a file that Slack refuses that it never goes, and of one that it could not bring that it may", async () => {
  await using t = await connected();
  const files = [{ name: "a.txt", type: "text/plain", data: btoa("a") }];
  expect(await t.sendFiles("C0NOWHERE", files)).toEqual({
    refused:
      "The file was not sent to C0NOWHERE: Slack says channel_not_found: there is none with this name, or the bot is not in it",
  });
  t.slack.fail("files.getUploadURLExternal", () =>
    Response.json({ ok: false, error: "missing_scope", needed: "files:write" }),
  );
  expect(await t.sendFiles(SLACK.dm, files)).toEqual({
    refused: `The file was not sent to ${SLACK.dm}: Slack says missing_scope (files:write): add the scope to the app and install it again`,
  });
  t.slack.fail("files.completeUploadExternal", () => new Response("down", { status: 503 }));
  expect(await refusal(() => t.sendFiles(SLACK.dm, files))).toMatchObject({
    reason: "plugin_error",
    message: expect.stringMatching(/^The file was not sent to D0WNER: .*503/),
  });
  expect(t.slack.messages).toEqual([]);
  await t.sendFiles(SLACK.dm, files);
  expect(t.slack.messages).toHaveLength(1);
});

test("slack holds several workspaces apart, each with its threads", async () => {
  await using t = await connected();
  await using other = fakeSlack();
  await using plugin = await startBundled("slack", { origins: [t.slack.url, other.url] });
  const call = (handler: string, account: string, more: object = {}) =>
    plugin.call(handler, { channel: "slack", account, ...more });
  await call("connectSlack", "slack", { config: config(t.slack) });
  await call("connectSlack", "work", { config: config(other) });
  await call("sendSlack", "slack", { conversation: `${SLACK.channel}@1.1`, text: "one" });
  await call("sendSlack", "work", { conversation: `${SLACK.channel}@2.2`, text: "two" });
  expect([t.slack.messages, other.messages].map((all) => all.map(({ text }) => text))).toEqual([["one"], ["two"]]);
  await other.write("hello", {});
  await until(() => plugin.notes.length === 1);
  expect(plugin.notes).toMatchObject([["channel.message", { channel: "slack", account: "work", text: "hello" }]]);
  const kept = (name: string) => Bun.file(`${plugin.privateFolder}/${name}`);
  await until(async () => (await kept("threads.json").exists()) && (await kept("threads-work.json").exists()));
  expect([await kept("threads.json").json(), await kept("threads-work.json").json()]).toEqual([
    [`${SLACK.channel}@1.1`],
    [`${SLACK.channel}@2.2`],
  ]);
  await call("disconnectSlack", "slack");
  await call("sendSlack", "work", { conversation: SLACK.dm, text: "still here" });
  expect(other.messages.at(-1)?.text).toBe("still here");
});

test("slack tells an envelope once that comes again, and an event that comes again in another envelope", async () => {
  await using t = await connected();
  const { fields, ts } = await t.slack.write("once");
  await t.slack.event(fields, { attempt: 1 }).acknowledged.promise;
  const envelope = {
    type: "events_api",
    envelope_id: "same",
    payload: { event: { ...fields, ts: "9.9", text: "two" } },
  };
  await t.slack.send(envelope).acknowledged.promise;
  await t.slack.send(envelope).acknowledged.promise;
  expect(await t.told()).toEqual([said("once", { id: `${SLACK.dm}:${ts}` }), said("two", { id: `${SLACK.dm}:9.9` })]);
});

test("slack answers a slash command where only its writer sees it, and by direct message later", async () => {
  await using t = await connected();
  const { payload } = await t.slack.command("what now?").acknowledged.promise;
  const conversation = `${SLACK.elsewhere}+${SLACK.owner}`;
  expect([payload, await t.told()]).toEqual([
    {},
    [said("what now?", { conversation, id: expect.stringMatching(/^trigger/) })],
  ]);
  for (let count = 1; count <= 6; count++) await t.send(conversation, `Answer ${count}`);
  expect(t.slack.answers).toHaveLength(5);
  expect(t.slack.answers[0]).toEqual({ response_type: "ephemeral", replace_original: false, text: "Answer 1" });
  expect(t.slack.messages).toMatchObject([{ channel: SLACK.dm, text: "Answer 6" }]);
  await t.slack.command("again", { path: "expired" }).acknowledged.promise;
  await t.send(conversation, "Late");
  expect(t.slack.messages.at(-1)).toMatchObject({ channel: SLACK.dm, text: "Late" });
  await t.slack.command("  ").acknowledged.promise;
  expect(await t.told()).toHaveLength(2);
});

test("slack acknowledges what it has no use for", async () => {
  await using t = await connected();
  const envelope = { type: "interactive", envelope_id: "i1", payload: { type: "block_actions", actions: [] } };
  expect((await t.slack.send(envelope).acknowledged.promise).payload).toEqual({});
  expect(await t.told()).toEqual([]);
});

test("slack connects anew when Slack asks it to, and when the connection breaks", async () => {
  await using t = await connected();
  t.slack.renew();
  await until(() => t.slack.connections().opened === 2 && t.slack.connections().open === 1);
  await t.slack.write("after the renewal");
  t.slack.cut();
  await until(() => t.slack.connections().opened === 3 && t.slack.connections().open === 1);
  await t.slack.write("after the cut");
  expect(await t.told()).toMatchObject([{ text: "after the renewal" }, { text: "after the cut" }]);
  expect(t.plugin.notes.filter(([topic]) => topic === "channel.closed")).toEqual([]);
});

test("slack says that its channel is closed when it cannot connect anew, and connects when it is told to", async () => {
  await using t = await connected();
  t.slack.fail("apps.connections.open", () => new Response("down", { status: 503 }));
  t.slack.cut();
  const [closed] = await until(() => {
    const notes = t.plugin.notes.filter(([topic]) => topic === "channel.closed");
    return notes.length > 0 && notes;
  });
  expect(closed).toEqual([
    "channel.closed",
    { channel: "slack", account: "slack", message: expect.stringMatching(/^Socket Mode cannot be opened: .*503/) },
  ]);
  await t.connect();
  await t.slack.write("back");
  expect(await t.told()).toMatchObject([{ text: "back" }]);
});

test("slack gives up a connection that Slack ends again and again", async () => {
  await using t = await connected();
  for (let count = 1; count <= 5; count++) {
    t.slack.renew();
    await until(() => t.slack.connections().opened === count + 1 && t.slack.connections().open === 1);
  }
  t.slack.renew();
  await until(() => t.plugin.notes.length > 0);
  expect(t.plugin.notes).toEqual([
    ["channel.closed", { channel: "slack", account: "slack", message: "Slack ends each connection soon" }],
  ]);
});

test("slack leaves when it is told to, and says nothing more", async () => {
  await using t = await connected();
  await t.plugin.call("disconnectSlack", { channel: "slack" });
  await until(() => t.slack.connections().open === 0);
  expect(t.plugin.notes).toEqual([]);
  expect(await refusal(() => t.send(SLACK.dm, "x"))).toMatchObject({
    message: expect.stringContaining("not connected"),
  });
});

test.each([
  [
    { bot_token: "xoxb-wrong" },
    "Slack does not let the bot in: Slack says invalid_auth: is the token right, and of this workspace",
  ],
  [
    { app_token: "xapp-wrong" },
    "Socket Mode cannot be opened: Slack says invalid_auth: is the token right, and of this workspace",
  ],
  [{ bot_token: "xapp-1-app" }, "interfaces.slack.bot_token must be a token that begins with xoxb-"],
  [{ app_token: undefined }, "interfaces.slack.app_token must be a token that begins with xapp-"],
  [{ api_root: "slack.com" }, "interfaces.slack.api_root must be an http or https URL"],
  [{ require_mention: "no" }, "interfaces.slack.require_mention must be true or false"],
  [{ tokn: "x" }, '"tokn" is not a key of interfaces.slack: bot_token, app_token, api_root, require_mention are'],
])("slack cannot be connected with %p", async (more, message) => {
  await using slack = fakeSlack();
  await using plugin = await startBundled("slack", { origins: [slack.url] });
  const connect = plugin.call("connectSlack", { channel: "slack", config: config(slack, more) });
  expect(await refusal(() => connect)).toMatchObject({
    reason: "plugin_error",
    message: expect.stringContaining(message),
  });
  expect(slack.connections()).toEqual({ opened: 0, open: 0 });
});

test("slack reaches no other host than those of its manifest", async () => {
  await using slack = fakeSlack();
  await using plugin = await startBundled("slack");
  const connect = plugin.call("connectSlack", { channel: "slack", config: config(slack) });
  expect(await refusal(() => connect)).toMatchObject({ reason: "plugin_error" });
  expect([plugin.refused, slack.calls]).toEqual([[slack.url], []]);
});
