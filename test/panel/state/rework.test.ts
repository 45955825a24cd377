import { describe, expect, test } from "bun:test";
import { createRework, type Rework, textOf } from "../../../src/panel/state/rework.ts";
import { refusal } from "../../support/config.ts";
import { type Conversation, conversation, MAIN } from "../../support/conversation.ts";

function reworkOf({ client, url }: Conversation, fetched = (path: string) => fetch(url + path)): Rework {
  return createRework({
    key: MAIN,
    call: (method, params) => client.call(method, params),
    fetch: fetched,
    send: async (message) => void (await client.call("agent.run", { ...message, session_key: MAIN })),
  });
}

const messagesOf = async ({ client }: Conversation, session_key = MAIN) =>
  (await client.call("session.history", { session_key })).messages;
const texts = async (t: Conversation, key?: string) => (await messagesOf(t, key)).map(({ content }) => content);

describe("rework", () => {
  test("asks again with the same files, and keeps what was", async () => {
    await using t = await conversation();
    t.fake.reply("One");
    const attachments = [{ mime: "text/plain", name: "note.txt", data: btoa("a note") }];
    await t.client.call("session.send", { message: "First", session_key: MAIN, attachments });
    const [asked] = await messagesOf(t);
    expect(textOf(asked!)).toBe("First");
    t.fake.reply("Two");
    const kept = await reworkOf(t).askAgain(asked!, "First, anew");
    const { runs } = await t.client.call("runs.list", { session_key: MAIN });
    await t.client.call("runs.wait", { run_id: runs[0]!.run_id });
    expect(await texts(t)).toEqual(["First, anew", "Two"]);
    const [anew] = await messagesOf(t);
    expect(anew!.parts).toContainEqual(expect.objectContaining({ type: "media", name: "note.txt", size: 6 }));
    expect(await texts(t, kept!)).toEqual(["First", "One"]);
  });

  test("changes nothing when a file cannot be had any more", async () => {
    await using t = await conversation();
    t.fake.reply("One");
    const attachments = [{ mime: "text/plain", name: "note.txt", data: btoa("a note") }];
    await t.client.call("session.send", { message: "First", session_key: MAIN, attachments });
    const [asked] = await messagesOf(t);
    const gone = reworkOf(t, async () => new Response(null, { status: 404 }));
    expect(await refusal(() => gone.askAgain(asked!, "First"))).toMatchObject({
      reason: "not_found",
      message: '"note.txt" is no longer there',
    });
    const cut = reworkOf(t, () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await refusal(() => cut.askAgain(asked!, "First"))).toMatchObject({ reason: "cancelled" });
    expect(await texts(t)).toEqual(["First", "One"]);
    expect((await t.client.call("session.list", {})).sessions).toHaveLength(1);
  });

  test("is refused while something runs", async () => {
    await using t = await conversation();
    const held = Promise.withResolvers<void>();
    t.fake.reply([{ wait: held.promise }, "One"]);
    const { run_id } = await t.client.call("agent.run", { message: "First", session_key: MAIN });
    const [asked] = await messagesOf(t);
    expect(await refusal(() => reworkOf(t).askAgain(asked!, "Else"))).toMatchObject({ reason: "conflict" });
    expect(await refusal(() => reworkOf(t).removeFrom(asked!.id))).toMatchObject({ reason: "conflict" });
    held.resolve();
    await t.client.call("runs.wait", { run_id });
    expect(await texts(t)).toEqual(["First", "One"]);
  });

  test("deletes a message with all behind it, and forks up to one", async () => {
    await using t = await conversation();
    for (const [message, answer] of [
      ["First", "One"],
      ["Second", "Two"],
    ] as const) {
      t.fake.reply(answer);
      await t.client.call("session.send", { message, session_key: MAIN });
    }
    const messages = await messagesOf(t);
    const fork = await reworkOf(t).forkAt(messages[1]!.id);
    expect(await texts(t, fork)).toEqual(["First", "One"]);
    await reworkOf(t).removeFrom(messages[2]!.id);
    expect(await texts(t)).toEqual(["First", "One"]);
    const { sessions } = await t.client.call("session.list", {});
    expect(sessions.map(({ session_key }) => session_key).toSorted()).toEqual([MAIN, fork].toSorted());
    expect(await refusal(() => reworkOf(t).forkAt("999"))).toMatchObject({ reason: "not_found" });
  });
});
