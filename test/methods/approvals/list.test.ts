import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("approvals.list shows what waits for a person, by status if one is asked for", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir made" } } }], "Done");
  const { run_id } = await call("agent.run", { message: "Make a folder", session_key: MAIN });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  expect(await call("approvals.list", {})).toEqual({
    approvals: [
      {
        approval_id,
        tool: "exec",
        plan: expect.objectContaining({ command: "mkdir made" }),
        reason: expect.any(String),
        pattern: expect.objectContaining({ args: ["made"] }),
        run_id,
        call_id: expect.any(String),
        session_key: MAIN,
        status: "pending",
        created_at: expect.any(Number),
        expires_at: expect.any(Number),
      },
    ],
  });
  expect((await call("approvals.list", { status: "pending" })).approvals).toHaveLength(1);
  expect(await call("approvals.list", { status: "approved" })).toEqual({ approvals: [] });
  await call("agent.abort", { run_id });
  expect(await call("approvals.list", { status: "pending" })).toEqual({ approvals: [] });
});

test("approvals.list refuses a status that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("approvals.list", { status: "open" as never }))).toMatchObject({
    reason: "invalid_params",
    data: { issues: [{ path: "status" }] },
  });
});
