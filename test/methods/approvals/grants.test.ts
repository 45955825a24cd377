import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("approvals.grants lists what a session and what everybody may do from now on, as it was shown", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  expect(await call("approvals.grants", {})).toEqual({ grants: [] });
  const { events, until } = await collectEvents(t.client, "approval.*");
  const exec = (command: string) => [{ tool_call: { name: "exec", args: { command } } }];
  t.fake.reply(exec("mkdir made"), "one", exec("mkdir made"), "two", exec("python3 -V"), "three");
  const ids: string[] = [];
  for (const decision of ["always", undefined, "session"] as const) {
    const { run_id } = await call("agent.run", { message: "Do it", session_key: MAIN });
    if (decision) {
      const asked = await until(
        ({ topic, data }) =>
          topic === "approval.requested" && !ids.includes((data as { approval_id: string }).approval_id),
      );
      const { approval_id } = asked.data as { approval_id: string };
      ids.push(approval_id);
      await call("approvals.resolve", { approval_id, decision });
    }
    await call("runs.wait", { run_id });
  }
  // The second run was not asked about.
  expect(events.filter(({ topic }) => topic === "approval.requested")).toHaveLength(2);
  const { grants } = await call("approvals.grants", {});
  expect(grants).toEqual([
    {
      approval_id: ids[0]!,
      tool: "exec",
      scope: "always",
      session_key: null,
      allows: {
        program: expect.stringMatching(/\/mkdir$/),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        args: ["made"],
        workspace: expect.any(String),
      },
      granted_by: "owner",
      created_at: expect.any(Number),
    },
    {
      approval_id: ids[1]!,
      tool: "exec",
      scope: "session",
      session_key: MAIN,
      allows: expect.objectContaining({ command: "python3 -V" }),
      granted_by: "owner",
      created_at: expect.any(Number),
    },
  ]);
});

test("approvals.grants forgets what a session was allowed when the session is deleted", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  t.fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir made" } } }], "Done");
  const session_key = "agent:main:chat:short";
  const { run_id } = await call("agent.run", { message: "Do it", session_key });
  const asked = await until(({ topic }) => topic === "approval.requested");
  const { approval_id } = asked.data as { approval_id: string };
  await call("approvals.resolve", { approval_id, decision: "session" });
  await call("runs.wait", { run_id });
  expect((await call("approvals.grants", {})).grants).toHaveLength(1);
  await call("session.delete", { session_key });
  expect(await call("approvals.grants", {})).toEqual({ grants: [] });
});
