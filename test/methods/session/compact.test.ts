import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

const SMALL = { sessions: { compaction: { keep_recent: 500 } } };
const LONG = "A sentence that fills the conversation with words of no weight. ".repeat(12);
const NOTES = "## Goal\n- a trip to Oslo\n## Facts\n- the hotel is the Bristol\n## Colours\n- not asked for";

async function talk(t: Awaited<ReturnType<typeof conversation>>, turns: number) {
  t.fake.reply(...Array.from({ length: turns }, (_, turn) => `Answer ${turn} ${LONG}`));
  for (let turn = 0; turn < turns; turn++) {
    await t.client.call("session.send", { message: `Question ${turn} ${LONG}`, session_key: MAIN });
  }
}

test("session.compact has notes taken of what is old, shows the model those instead, and keeps every message", async () => {
  await using t = await conversation({ config: SMALL });
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "session.*");
  await talk(t, 6);
  t.fake.reply(NOTES, "Fine");
  const made = await call("session.compact", { session_key: MAIN });
  expect(made).toMatchObject({ session_key: MAIN, compacted: true, summarised: 10 });
  expect(made.tokens_after).toBeLessThan(made.tokens_before);
  expect(made.summary).toContain("## Goal\n- a trip to Oslo\n## Facts\n- the hotel is the Bristol");
  expect(made.summary).not.toContain("Colours");
  expect(made.summary).toContain("Question 4");
  expect((await until(({ topic }) => topic === "session.compacted")).data).toEqual({
    session_key: MAIN,
    reason: "asked",
    summarised: 10,
    dropped_results: 0,
    tokens_before: made.tokens_before,
    tokens_after: made.tokens_after,
  });
  const asked = JSON.stringify(t.fake.requests[6]!.body);
  expect(asked).toContain("Question 0");
  expect(asked).not.toContain("Question 5");
  await call("session.send", { message: "And now?", session_key: MAIN });
  const { messages } = t.fake.requests[7]!.body;
  expect(messages.map(({ role }: { role: string }) => role)).toEqual(["system", "user", "assistant", "user"]);
  const shown = JSON.stringify(messages);
  expect(shown).toContain("the hotel is the Bristol");
  expect(shown).toContain("Question 5");
  expect(shown).not.toContain("Question 3");
  expect((await call("session.history", { session_key: MAIN })).messages).toHaveLength(14);
});

test("session.uncompact shows the messages again, one compaction after the other", async () => {
  await using t = await conversation({ config: SMALL });
  const call = checked(t.client);
  await talk(t, 6);
  t.fake.reply(NOTES);
  await call("session.compact", { session_key: MAIN });
  expect(await call("session.uncompact", { session_key: MAIN })).toEqual({ session_key: MAIN });
  t.fake.reply("Fine");
  await call("session.send", { message: "And now?", session_key: MAIN });
  const shown = JSON.stringify(t.fake.requests[7]!.body);
  expect(shown).toContain("Question 0");
  expect(shown).not.toContain("Bristol");
  expect(await refusal(() => t.client.call("session.uncompact", { session_key: MAIN }))).toMatchObject({
    reason: "conflict",
    message: `Session "${MAIN}" is not compacted`,
  });
});

test("session.compact leaves a short conversation as it is, and knows no session that there is not", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  await talk(t, 1);
  expect(await call("session.compact", { session_key: MAIN })).toEqual({
    session_key: MAIN,
    compacted: false,
    summarised: 0,
    tokens_before: 0,
    tokens_after: 0,
    summary: null,
  });
  expect(await refusal(() => t.client.call("session.compact", { session_key: "agent:main:chat:none" }))).toMatchObject({
    reason: "not_found",
  });
});

test("session.compact leaves everything as it was when the model writes no notes, or does not answer", async () => {
  await using t = await conversation({ config: SMALL });
  const call = checked(t.client);
  await talk(t, 6);
  t.fake.reply("I would rather talk about the weather", "Still no notes");
  expect(await refusal(() => t.client.call("session.compact", { session_key: MAIN }))).toMatchObject({
    reason: "provider_error",
    message: "The model did not write the notes that it was asked for",
  });
  t.fake.reply({ status: 401, message: "no" });
  expect(await refusal(() => t.client.call("session.compact", { session_key: MAIN }))).toMatchObject({
    reason: "provider_error",
  });
  t.fake.reply("Fine");
  await call("session.send", { message: "And now?", session_key: MAIN });
  expect(JSON.stringify(t.fake.requests.at(-1)!.body)).toContain("Question 0");
});
