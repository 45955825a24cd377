import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

const texts = ({ messages }: { messages: readonly { content: string }[] }) => messages.map(({ content }) => content);

test("session.rewind goes back to a message and keeps the conversation as it was in a branch", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "session.*");
  t.fake.reply("One", "Two", "Three");
  await call("session.send", { message: "First", session_key: MAIN });
  await call("session.send", { message: "Second", session_key: MAIN });
  const { messages } = await call("session.history", { session_key: MAIN });
  const back = await call("session.rewind", { session_key: MAIN, before: messages[2]!.id });
  expect(back).toEqual({ session_key: MAIN, branch_key: expect.stringMatching(/^agent:main:chat:/), moved: 2 });
  expect((await until(({ topic }) => topic === "session.rewound")).data).toEqual({
    session_key: MAIN,
    branch_key: back.branch_key,
  });
  await call("session.send", { message: "Otherwise", session_key: MAIN });
  expect(JSON.stringify(t.fake.requests[2]!.body)).not.toContain("Second");
  expect(texts(await call("session.history", { session_key: MAIN }))).toEqual(["First", "One", "Otherwise", "Three"]);
  const branch = await call("session.history", { session_key: back.branch_key! });
  expect(texts(branch)).toEqual(["First", "One", "Second", "Two"]);
  // What went is there itself: whoever noted its id finds it.
  expect(branch.messages[2]!.id).toBe(messages[2]!.id);
});

test("session.rewind behind the last message changes nothing, and a clear that came later is gone with it", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("One", "Two", "Three");
  await call("session.send", { message: "First", session_key: MAIN });
  await call("session.clear", { session_key: MAIN });
  await call("session.send", { message: "Second", session_key: MAIN });
  const { messages } = await call("session.history", { session_key: MAIN });
  expect(await call("session.rewind", { session_key: MAIN, at: messages[3]!.id })).toEqual({
    session_key: MAIN,
    branch_key: null,
    moved: 0,
  });
  await call("session.rewind", { session_key: MAIN, before: messages[1]!.id });
  await call("session.send", { message: "Go on", session_key: MAIN });
  expect(JSON.stringify(t.fake.requests[2]!.body)).toContain("First");
});

test("session.rewind refuses while a run is under way, and needs to be told where to", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const gate = Promise.withResolvers<void>();
  t.fake.reply([{ wait: gate.promise }, "One"]);
  const { run_id } = await call("agent.run", { message: "First", session_key: MAIN });
  await t.fake.received(1);
  const { messages } = await call("session.history", { session_key: MAIN });
  const rewind = (cut: { before?: string; at?: string }) =>
    refusal(() => t.client.call("session.rewind", { session_key: MAIN, ...cut }));
  expect(await rewind({ before: messages[0]!.id })).toMatchObject({
    reason: "conflict",
    message: "The session has a run",
  });
  gate.resolve();
  await call("runs.wait", { run_id });
  expect(await rewind({})).toMatchObject({ reason: "invalid_params" });
  expect(await rewind({ at: "999" })).toMatchObject({ reason: "not_found" });
});
