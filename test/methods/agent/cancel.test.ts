import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("agent.cancel ends a run that is under way, and does no more to one that has ended", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const never = Promise.withResolvers<void>();
  t.fake.reply(["Half", { wait: never.promise }]);
  const { until } = await collectEvents(t.client);
  const { run_id } = await call("agent.run", { message: "Hi", session_key: MAIN });
  await until(({ topic }) => topic === "stream.chunk");
  expect(await call("agent.cancel", { run_id })).toEqual({ run_id, status: "cancelled" });
  expect(await t.fake.requests[0]!.ended).toBe("hung_up");
  expect(await call("agent.cancel", { run_id })).toEqual({ run_id, status: "cancelled" });
  expect(await call("session.history", { session_key: MAIN })).toMatchObject({
    messages: [{ content: "Hi" }, { content: "Half", status: "interrupted" }],
  });
});

test("agent.cancel takes a run out of the queue before it began", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const never = Promise.withResolvers<void>();
  t.fake.reply([{ wait: never.promise }]);
  const first = await call("agent.run", { message: "One", session_key: MAIN });
  const second = await call("agent.run", { message: "Two", session_key: MAIN });
  expect(second.status).toBe("queued");
  expect(await call("agent.cancel", { run_id: second.run_id })).toEqual({ run_id: second.run_id, status: "cancelled" });
  expect(await call("runs.status", { run_id: first.run_id })).toEqual({ run_id: first.run_id, status: "running" });
  await call("agent.cancel", { run_id: first.run_id });
});

test("agent.cancel knows no run that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("agent.cancel", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
});
