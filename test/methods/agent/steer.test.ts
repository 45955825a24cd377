import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("agent.steer adds a message that the run sees at its next step", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const go = Promise.withResolvers<void>();
  t.fake.reply([{ text: "One moment" }, { wait: go.promise }, { tool_call: { name: "time", args: {} } }], "Both done");
  const { until } = await collectEvents(t.client);
  const { run_id } = await call("agent.run", { message: "First this", session_key: MAIN });
  await until(({ topic }) => topic === "stream.chunk");
  expect(await call("agent.steer", { run_id, message: "And that" })).toEqual({
    run_id,
    message_id: expect.any(String),
  });
  go.resolve();
  expect(await call("runs.wait", { run_id })).toMatchObject({ status: "completed", text: "Both done" });
  expect(JSON.stringify(t.fake.requests[1]!.body)).toContain("And that");
});

test("agent.steer refuses a run that has ended, one that there is not, and an empty message", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Done");
  const { run_id } = await call("session.send", { message: "Hi" });
  expect(await refusal(() => call("agent.steer", { run_id, message: "More" }))).toEqual({
    reason: "conflict",
    message: `Run "${run_id}" is completed`,
    data: { status: "completed", hint: "Start a new run with agent.run", reason: "conflict" },
  });
  expect(await refusal(() => call("agent.steer", { run_id: "run_none", message: "More" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
  expect(await refusal(() => call("agent.steer", { run_id, message: "" }))).toMatchObject({ reason: "invalid_params" });
});
