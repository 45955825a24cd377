import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.history pages backwards from the newest message, each page oldest first", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  for (const text of ["one", "two", "three"]) {
    t.fake.reply(`${text}!`);
    await call("session.send", { message: text, session_key: MAIN });
  }
  const last = await call("session.history", { session_key: MAIN, limit: 4 });
  expect(last.messages.map(({ role, content }) => [role, content])).toEqual([
    ["user", "two"],
    ["assistant", "two!"],
    ["user", "three"],
    ["assistant", "three!"],
  ]);
  const first = await call("session.history", { session_key: MAIN, limit: 4, before: last.next! });
  expect(first.messages.map(({ content }) => content)).toEqual(["one", "one!"]);
  expect(first.next).toBeUndefined();
});

test("session.history refuses a session that there is not, and pages that there are not", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  expect(await refusal(() => call("session.history", { session_key: "agent:main:chat:none" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
  await call("session.create", { session_key: MAIN });
  expect(await call("session.history", { session_key: MAIN })).toEqual({ messages: [] });
  for (const params of [{ limit: 0 }, { limit: 1001 }]) {
    expect(await refusal(() => call("session.history", { session_key: MAIN, ...params }))).toMatchObject({
      reason: "invalid_params",
    });
  }
});
