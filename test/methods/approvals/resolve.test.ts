import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("approvals.resolve lets the call go on, and the first answer counts", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir made" } } }], "Done");
  const { run_id } = await call("agent.run", { message: "Make a folder", session_key: MAIN });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  expect(await call("approvals.resolve", { approval_id, decision: "once" })).toMatchObject({
    approval_id,
    status: "approved",
    decision: "once",
  });
  expect(await refusal(() => call("approvals.resolve", { approval_id, decision: "deny" }))).toMatchObject({
    reason: "conflict",
    data: { status: "approved" },
  });
  expect(await call("runs.wait", { run_id })).toMatchObject({ status: "completed", text: "Done" });
});

test("approvals.resolve with deny is told to the model, which goes on", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir made" } } }], "Done");
  const { run_id } = await call("agent.run", { message: "Make a folder", session_key: MAIN });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  await call("approvals.resolve", { approval_id, decision: "deny" });
  expect(await call("runs.wait", { run_id })).toMatchObject({ status: "completed" });
  const { messages } = await call("runs.get", { run_id });
  expect(messages.flatMap(({ parts }) => parts).find(({ type }) => type === "tool_result")).toMatchObject({
    status: "denied",
  });
});

test("approvals.resolve knows no question that there is not, and no answer that there is not", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  expect(await refusal(() => call("approvals.resolve", { approval_id: "apr_none", decision: "once" }))).toMatchObject({
    reason: "not_found",
  });
  expect(
    await refusal(() => call("approvals.resolve", { approval_id: "apr_none", decision: "yes" as never })),
  ).toMatchObject({
    reason: "invalid_params",
    data: { issues: [{ path: "decision" }] },
  });
});
