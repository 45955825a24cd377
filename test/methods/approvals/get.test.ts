import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("approvals.get shows the whole plan of one question", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir made" } } }], "Done");
  const { run_id } = await call("agent.run", { message: "Make a folder", session_key: MAIN });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  expect(await call("approvals.get", { approval_id })).toEqual({
    approval_id,
    tool: "exec",
    plan: expect.objectContaining({ command: "mkdir made" }),
    reason: expect.any(String),
    pattern: {
      program: expect.stringMatching(/\/mkdir$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      args: ["made"],
      workspace: expect.any(String),
    },
    run_id,
    call_id: expect.any(String),
    session_key: MAIN,
    status: "pending",
    created_at: expect.any(Number),
    expires_at: expect.any(Number),
  });
  await call("agent.abort", { run_id });
  expect(await call("approvals.get", { approval_id })).toMatchObject({ status: "cancelled", decision: "cancelled" });
});

test("approvals.get knows no question that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("approvals.get", { approval_id: "apr_none" }))).toMatchObject({
    reason: "not_found",
  });
});
