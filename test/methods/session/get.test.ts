import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.get shows a session, what runs in it and how long it is", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const go = Promise.withResolvers<void>();
  t.fake.reply("One", [{ wait: go.promise }, "Two"]);
  await call("session.send", { message: "Hi", session_key: MAIN });
  expect(await call("session.get", { session_key: MAIN })).toMatchObject({
    session_key: MAIN,
    title: "Hi",
    message_count: 2,
    active_run: null,
  });
  const { run_id } = await call("agent.run", { message: "Again", session_key: MAIN });
  expect(await call("session.get", { session_key: MAIN })).toMatchObject({ active_run: run_id, queued_runs: 0 });
  go.resolve();
  await call("runs.wait", { run_id });
});

test("session.get knows no session that there is not, and no key that is none", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("session.get", { session_key: "agent:main:chat:none" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
  expect(await refusal(() => t.client.call("session.get", { session_key: "nonsense" }))).toMatchObject({
    reason: "invalid_params",
  });
});
