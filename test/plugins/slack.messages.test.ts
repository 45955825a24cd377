/** What the bundled plugin says in Slack, and how it changes that. */
import { expect, test } from "bun:test";
import { refusal } from "../support/config.ts";
import { SLACK } from "../support/slack.ts";
import { until } from "../support/until.ts";
import { connected } from "./slack/set-up.ts";

const BUTTONS = [
  [
    { label: "Once", value: "ap:o:1" },
    { label: "Always", value: "ap:a:1" },
  ],
  [{ label: "Deny", value: "ap:d:1" }],
];
const THREAD = `${SLACK.channel}@1.2`;

type Connected = Awaited<ReturnType<typeof connected>>;
interface Sent {
  readonly id: string;
}

const call = ({ plugin }: Connected, handler: string, args: object) =>
  plugin.call(handler, { channel: "slack", ...args });
const blocksIn = (more: Readonly<Record<string, string>> | undefined) =>
  (JSON.parse(more?.blocks ?? "[]") as { type: string; text?: { text: string } }[]).map(
    ({ type, text }) => text?.text ?? type,
  );

test("slack shows buttons below what they are about, and tells which was pressed by whom, where and in which message", async () => {
  await using t = await connected();
  const text = "**Allow it?** a & b";
  const { id } = (await call(t, "sendSlack", { conversation: THREAD, text, buttons: BUTTONS })) as Sent;
  const [asked] = t.slack.messages;
  expect([asked?.text, blocksIn(asked?.more), asked?.thread_ts]).toEqual([
    "*Allow it?* a &amp; b",
    ["*Allow it?* a &amp; b", "actions", "actions"],
    "1.2",
  ]);
  expect(id).toBe(`${SLACK.channel}:${asked!.ts}`);
  await t.slack.press(asked!, "Deny", { user: SLACK.stranger }).acknowledged.promise;
  await t.slack.press(asked!, "Once", { actionId: "of_another_program" }).acknowledged.promise;
  const pressed = { channel: "slack", account: "slack", conversation: THREAD, sender: SLACK.stranger, value: "ap:d:1" };
  await t.told();
  expect(t.plugin.notes).toEqual([["channel.pressed", { ...pressed, id, text }]]);
  // A process that was started since then knows what Slack says of it.
  await t.connect();
  await t.slack.press(asked!, "Deny", { user: SLACK.stranger }).acknowledged.promise;
  await t.told();
  expect(t.plugin.notes.at(-1)).toEqual(["channel.pressed", { ...pressed, id, text: "*Allow it?* a & b" }]);
});

test("slack changes what a message says, with its buttons and without", async () => {
  await using t = await connected();
  const { id } = (await call(t, "sendSlack", { conversation: THREAD, text: "Allow it?", buttons: BUTTONS })) as Sent;
  expect(await call(t, "editSlack", { conversation: THREAD, id, text: "Still?", buttons: BUTTONS })).toEqual({});
  expect(blocksIn(t.slack.messages[0]?.more)).toEqual(["Still?", "actions", "actions"]);
  expect(await call(t, "editSlack", { conversation: THREAD, id, text: "Done: **no**" })).toEqual({});
  expect(t.slack.messages).toMatchObject([{ text: "Done: *no*", more: { blocks: "[]" } }]);
});

test("slack says of a message that it is gone, and of one that became too long for a change, which it takes away", async () => {
  await using t = await connected();
  const { id } = (await t.send(SLACK.dm, "short")) as Sent;
  const edit = (message: string, text: string) => call(t, "editSlack", { conversation: SLACK.dm, id: message, text });
  expect(await edit(`${SLACK.dm}:1.2`, "new")).toEqual({ gone: true });
  expect(await edit("odd", "new")).toEqual({ gone: true });
  expect(await edit(id, "<".repeat(2000))).toEqual({ gone: true });
  expect(t.slack.messages).toEqual([]);
  t.slack.fail("chat.update", () => new Response("down", { status: 503 }));
  expect(await refusal(() => edit(`${SLACK.dm}:1.2`, "new"))).toMatchObject({ reason: "plugin_error" });
});

test("slack sends each message in one call, however much Slack escapes in it", async () => {
  await using t = await connected();
  await t.send(SLACK.dm, "<".repeat(3000));
  const buttons = [[{ label: "Once", value: "ap:o:1" }]];
  const text = `\`\`\`\n${"a & b\n".repeat(490)}\`\`\``;
  await call(t, "sendSlack", { conversation: SLACK.dm, text, buttons });
  expect(t.slack.messages.map((each) => each.text.length)).toEqual([12_000, 4907]);
  const sections = blocksIn(t.slack.messages[1]?.more).slice(0, -1);
  expect(sections.length).toBe(2);
  for (const section of sections) {
    expect(section.length).toBeLessThanOrEqual(3000);
    expect(section.split("```")).toHaveLength(3);
  }
});

test("slack passes on how long Slack asks to wait, and asks nothing of that channel before", async () => {
  await using t = await connected();
  t.slack.fail("chat.postMessage", t.slack.limited(60));
  expect(await t.send(SLACK.dm, "patience")).toEqual({ retry_after_ms: 60_000 });
  const { retry_after_ms } = (await t.send(SLACK.dm, "patience")) as { retry_after_ms: number };
  expect(retry_after_ms).toBeLessThanOrEqual(60_000);
  expect(t.slack.calls.filter((name) => name === "chat.postMessage")).toHaveLength(1);
  await t.send(SLACK.channel, "another place");
  expect(t.slack.messages.map(({ text }) => text)).toEqual(["another place"]);
  const [message] = t.slack.messages;
  t.slack.fail("chat.update", t.slack.limited(7));
  const id = `${SLACK.channel}:${message!.ts}`;
  expect(await call(t, "editSlack", { conversation: SLACK.channel, id, text: "more" })).toEqual({
    retry_after_ms: 7000,
  });
});

test.each([
  [
    SLACK.elsewhere,
    `The message was not sent to ${SLACK.elsewhere}: Slack says not_in_channel: invite the bot to the channel`,
  ],
  [
    "C0NOWHERE",
    "The message was not sent to C0NOWHERE: Slack says channel_not_found: there is none with this name, or the bot is not in it",
  ],
  ["not a place", '"not a place" is no conversation: an id of a channel or person, or a channel\'s #name'],
])("slack says that a message to %p never goes", async (place, refused) => {
  await using t = await connected();
  expect(await t.send(place, "text")).toEqual({ refused });
});

test.each(["is_archived", "msg_too_long", "restricted_action", "missing_scope"])(
  "slack says that a message never goes of which Slack says %s",
  async (error) => {
    await using t = await connected();
    t.slack.fail("chat.postMessage", () => Response.json({ ok: false, error }));
    expect(await t.send(SLACK.dm, "text")).toMatchObject({ refused: expect.stringContaining(`Slack says ${error}`) });
  },
);

test.each(["internal_error", "service_unavailable", "fatal_error"])(
  "slack may send a message later of which Slack says %s",
  async (error) => {
    await using t = await connected();
    t.slack.fail("chat.postMessage", () => Response.json({ ok: false, error }));
    expect(await refusal(() => t.send(SLACK.dm, "text"))).toMatchObject({ reason: "plugin_error" });
    await t.send(SLACK.dm, "text");
    expect(t.slack.messages).toHaveLength(1);
  },
);

test.each(["invalid_auth", "token_revoked", "account_inactive"])(
  "slack says that its channel is closed when Slack says %s of its token",
  async (error) => {
    await using t = await connected();
    t.slack.fail("chat.postMessage", () => Response.json({ ok: false, error }));
    expect(await refusal(() => t.send(SLACK.dm, "text"))).toMatchObject({ reason: "plugin_error" });
    const [note] = t.plugin.notes;
    expect(note).toMatchObject([
      "channel.closed",
      { channel: "slack", account: "slack", message: expect.stringContaining(`Slack says ${error}`) },
    ]);
  },
);

test("slack has one reaction of its own to a message, and lets those of others be", async () => {
  await using t = await connected();
  const id = `${SLACK.channel}:1.2`;
  const react = (emoji: string | null, message = id) =>
    call(t, "reactSlack", { conversation: THREAD, id: message, emoji });
  const own = () => [...(t.slack.reactions.get(id) ?? [])];
  const seen: string[][] = [];
  for (const emoji of ["👀", "👀", "❤️", ":party_parrot:", null, null]) {
    expect(await react(emoji)).toEqual({});
    seen.push(own());
  }
  expect(seen).toEqual([["eyes"], ["eyes"], ["heart"], ["party_parrot"], [], []]);
  expect(t.slack.calls.filter((name) => name === "reactions.add")).toHaveLength(3);
  expect(await react("🪿")).toEqual({ refused: 'Slack is to be told a name of its own for "🪿", such as ":eyes:"' });
  expect(await react("👀", `${SLACK.channel}:404.404`)).toEqual({ gone: true });
  expect(await react("👀", "trigger7")).toEqual({ gone: true });
  t.slack.fail("reactions.get", () => Response.json({ ok: false, error: "missing_scope", needed: "reactions:read" }));
  expect(await react("👀")).toEqual({
    refused: `The reaction was not changed in ${SLACK.channel}: Slack says missing_scope (reactions:read): add the scope to the app and install it again`,
  });
  t.slack.fail("reactions.add", () => Response.json({ ok: false, error: "already_reacted" }));
  expect(await react("👀")).toEqual({});
});

test("slack shows in a thread that it thinks, once for each message and not beside an answer", async () => {
  await using t = await connected();
  const type = (conversation: string) => call(t, "typingSlack", { conversation });
  const { ts } = await t.slack.write(`<@${SLACK.bot}> what is new?`, { channel: SLACK.channel });
  const conversation = `${SLACK.channel}@${ts}`;
  const status = `${conversation} is thinking…`;
  await type(conversation);
  await type(conversation);
  await type(SLACK.dm);
  expect(t.slack.statuses).toEqual([status]);
  await t.send(conversation, "Much");
  await type(conversation);
  expect(t.slack.statuses).toEqual([status]);
  await t.slack.write("such as?", { channel: SLACK.channel, thread_ts: ts });
  await t.told();
  await type(conversation);
  expect(t.slack.statuses).toEqual([status, status]);
});

test("slack shows no status again once Slack refused one", async () => {
  await using t = await connected();
  t.slack.fail("assistant.threads.setStatus", () => Response.json({ ok: false, error: "missing_scope" }));
  expect(await refusal(() => call(t, "typingSlack", { conversation: THREAD }))).toMatchObject({
    reason: "plugin_error",
  });
  await call(t, "typingSlack", { conversation: `${SLACK.channel}@3.4` });
  expect(t.slack.calls.filter((name) => name === "assistant.threads.setStatus")).toHaveLength(1);
});

test("slack lets no answer grow that one person alone sees", async () => {
  await using t = await connected();
  await t.slack.command("what now?").acknowledged.promise;
  const conversation = `${SLACK.elsewhere}+${SLACK.owner}`;
  expect(await call(t, "sendSlack", { conversation, text: "It i", grows: true })).toEqual({
    refused: "What one person alone sees does not grow",
  });
  await t.send(conversation, "It is noon");
  await until(() => t.slack.answers.length === 1);
  expect(t.slack.answers).toMatchObject([{ text: "It is noon" }]);
});

test("slack sends to a person and to a channel by its name", async () => {
  await using t = await connected();
  await t.send(SLACK.owner, "to you");
  await t.send("#general", "to all");
  expect(t.slack.messages).toMatchObject([
    { channel: SLACK.dm, text: "to you" },
    { channel: SLACK.channel, text: "to all" },
  ]);
});
