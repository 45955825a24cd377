import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.wait waits for the end, or no longer than it is told to", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ wait: go.promise }, "Done"]);
  const { run_id } = await call("agent.run", { message: "Hi", session_key: MAIN });
  expect(await call("runs.wait", { run_id, timeout_ms: 0 })).toMatchObject({ run_id, status: "running" });
  const waiting = call("runs.wait", { run_id });
  go.resolve();
  expect(await waiting).toMatchObject({ run_id, status: "completed", text: "Done" });
  expect(await call("runs.wait", { run_id, timeout_ms: 0 })).toMatchObject({ status: "completed" });
});

test("runs.wait tells how a run failed", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply({ status: 400, message: "broken" });
  const { run_id } = await call("agent.run", { message: "Hi" });
  expect(await call("runs.wait", { run_id })).toMatchObject({ status: "failed", error: { reason: "provider_error" } });
});

test("runs.wait knows no run that there is not, and no wait of days", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("runs.wait", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
  expect(await refusal(() => t.client.call("runs.wait", { run_id: "run_none", timeout_ms: 3_600_001 }))).toMatchObject({
    reason: "invalid_params",
  });
});

test("runs.wait leaves nothing behind on a connection that stays", async () => {
  await using t = await conversation();
  const signals = () => {
    Bun.gc(true);
    return heapStats().objectTypeCounts.AbortSignal ?? 0;
  };
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ wait: go.promise }, "Done"]);
  const { run_id } = await t.client.call("agent.run", { message: "Hi", session_key: MAIN });
  const before = signals();
  const waiting = Array.from({ length: 900 }, () => t.client.call("runs.wait", { run_id, timeout_ms: 3_600_000 }));
  await t.client.call("rpc.ping", {});
  expect(signals() - before).toBeGreaterThan(900);
  go.resolve();
  await Promise.all(waiting);
  expect(signals() - before).toBeLessThan(100);
});
