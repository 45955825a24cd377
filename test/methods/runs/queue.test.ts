import { expect, test } from "bun:test";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.queue shows what runs and what waits, by session, and nothing of sessions at rest", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ wait: go.promise }, "One"], "Two");
  expect(await call("runs.queue", {})).toEqual({ sessions: [] });
  const one = await call("agent.run", { message: "1", session_key: MAIN });
  const two = await call("agent.run", { message: "2", session_key: MAIN });
  expect(await call("runs.queue", {})).toEqual({
    sessions: [{ session_key: MAIN, active_run: one.run_id, queued_runs: [two.run_id] }],
  });
  go.resolve();
  await call("runs.wait", { run_id: two.run_id });
  expect(await call("runs.queue", {})).toEqual({ sessions: [] });
});
