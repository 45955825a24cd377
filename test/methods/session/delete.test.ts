import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.delete takes everything of a session, also what runs in it", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client);
  const never = Promise.withResolvers<void>();
  t.fake.reply(["Half", { wait: never.promise }]);
  const { run_id } = await call("agent.run", { message: "Hi", session_key: MAIN });
  await until(({ topic }) => topic === "stream.chunk");
  expect(await call("session.delete", { session_key: MAIN })).toEqual({ session_key: MAIN });
  await until(({ topic }) => topic === "session.deleted");
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
  expect(await refusal(() => call("session.get", { session_key: MAIN }))).toMatchObject({ reason: "not_found" });
  expect(await refusal(() => call("runs.get", { run_id }))).toMatchObject({ reason: "not_found" });
  expect(await call("session.list", {})).toEqual({ sessions: [] });
});

test("session.delete knows no session that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("session.delete", { session_key: "agent:main:chat:none" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
});
