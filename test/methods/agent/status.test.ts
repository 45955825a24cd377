import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("agent.status tells how far a run is", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Hello!");
  const { run_id } = await call("session.send", { message: "Hi", session_key: MAIN });
  expect(await call("agent.status", { run_id })).toEqual({
    run_id,
    session_key: MAIN,
    status: "completed",
    model: "fake/m",
    text: "Hello!",
    usage: { input: 10, output: 5, cache_read: 0, cache_write: 0, cost_usd: null },
    steps: 1,
    created_at: expect.any(Number),
    started_at: expect.any(Number),
    ended_at: expect.any(Number),
  });
});

test("agent.status knows no run that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("agent.status", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
});
