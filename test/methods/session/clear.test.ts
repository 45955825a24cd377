import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.clear makes the model forget, and the history stays readable", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "session.*");
  t.fake.reply("One", "Two");
  await call("session.send", { message: "My name is Ada", session_key: MAIN });
  expect(await call("session.clear", { session_key: MAIN })).toEqual({ session_key: MAIN });
  expect((await until(({ topic }) => topic === "session.cleared")).data).toEqual({ session_key: MAIN });
  await call("session.send", { message: "Who am I?", session_key: MAIN });
  expect(JSON.stringify(t.fake.requests[1]!.body)).not.toContain("Ada");
  expect((await call("session.history", { session_key: MAIN })).messages).toHaveLength(4);
});

test("session.clear knows no session that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("session.clear", { session_key: "agent:main:chat:none" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
});
