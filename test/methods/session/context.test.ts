import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.context tells the model, how full it is, and what is allowed; it grows with what is said", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("One");
  await call("session.send", { message: "First ".repeat(100), session_key: MAIN });
  const first = await call("session.context", { session_key: MAIN });
  expect(first).toEqual({
    model: expect.stringContaining("/"),
    problem: null,
    tokens: expect.any(Number),
    window: null,
    confined: true,
    standing: 0,
  });
  expect(first.tokens).toBeGreaterThan(50);
  t.fake.reply("Two");
  await call("session.send", { message: "Second ".repeat(100), session_key: MAIN });
  expect((await call("session.context", { session_key: MAIN })).tokens).toBeGreaterThan(first.tokens);
});

test("session.context says why a model cannot be asked, and knows no session that there is not", async () => {
  await using t = await conversation();
  t.fake.reply("One");
  await t.client.call("session.send", { message: "First", session_key: MAIN });
  await t.client.call("session.patch", { session_key: MAIN, model: "nobody/nothing" });
  expect(await t.client.call("session.context", { session_key: MAIN })).toMatchObject({
    model: "nobody/nothing",
    problem: expect.any(String),
    window: null,
  });
  expect(await refusal(() => t.client.call("session.context", { session_key: "agent:main:chat:none" }))).toMatchObject({
    reason: "not_found",
  });
});
