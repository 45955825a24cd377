import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("approvals.revoke takes back what was allowed for always: the next call asks again", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { events, until } = await collectEvents(t.client, "approval.*");
  const exec = [{ tool_call: { name: "exec", args: { command: "mkdir made" } } }];
  t.fake.reply(exec, "one", exec, "two");
  const first = await call("agent.run", { message: "Do it", session_key: MAIN });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  await call("approvals.resolve", { approval_id, decision: "always" });
  await call("runs.wait", { run_id: first.run_id });
  expect(await call("approvals.revoke", { approval_id })).toMatchObject({ approval_id, tool: "exec", scope: "always" });
  expect(await call("approvals.grants", {})).toEqual({ grants: [] });
  await until(({ topic }) => topic === "approval.revoked");
  expect(events.find(({ topic }) => topic === "approval.revoked")!.data).toEqual({
    approval_id,
    by: "owner",
    session_key: null,
  });
  await call("agent.run", { message: "Again", session_key: MAIN });
  await until(
    ({ topic, data }) =>
      topic === "approval.requested" && (data as { approval_id: string }).approval_id !== approval_id,
  );
});

test("approvals.revoke knows nothing of an approval that allows nothing any more", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("approvals.revoke", { approval_id: "approval_none" }))).toMatchObject({
    reason: "not_found",
  });
});
