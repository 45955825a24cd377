import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("tool.call invokes a tool, and a tool's failure is a result", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  expect(await call("tool.call", { tool: "time" })).toEqual({ ok: true, result: expect.stringContaining("Unix time") });
  expect(await call("tool.call", { tool: "write", args: { path: "a.txt", content: "text" } })).toMatchObject({
    ok: true,
  });
  expect(await call("tool.call", { tool: "read", args: { path: "a.txt" } })).toEqual({
    ok: true,
    result: expect.stringContaining("text"),
  });
  expect(await call("tool.call", { tool: "read", args: { path: "b.txt" } })).toEqual({
    ok: false,
    result: '"b.txt" does not exist',
  });
  expect(await call("tool.call", { tool: "read", args: { file: "a.txt" } })).toMatchObject({ ok: false });
  expect(await call("tool.call", { tool: "none" })).toEqual({ ok: false, result: 'There is no tool "none"' });
});

test("tool.call passes the same gate as a run: asked where one would be asked, refused where one would be refused", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { until } = await collectEvents(t.client, "approval.*");
  const calling = refusal(() => call("tool.call", { tool: "exec", args: { command: "mkdir made" } }));
  const { approval_id } = (await until(({ topic }) => topic === "approval.requested")).data as { approval_id: string };
  await call("approvals.resolve", { approval_id, decision: "deny" });
  expect(await calling).toMatchObject({ reason: "approval_denied" });
  expect(await refusal(() => call("tool.call", { tool: "exec", args: { command: "rm -rf /" } }))).toMatchObject({
    reason: "approval_denied",
  });
});

test("tool.call keeps to what the session allows", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  await call("session.create", { session_key: MAIN, tools: { deny: ["time"] } });
  expect(await refusal(() => call("tool.call", { tool: "time", session_key: MAIN }))).toMatchObject({
    reason: "approval_denied",
    message: 'Tool "time" is not allowed here',
  });
  expect(await call("tool.call", { tool: "time", session_key: "agent:main:chat:other" })).toMatchObject({ ok: true });
});

test("tool.call refuses what is no session and no agent", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("tool.call", { tool: "time", session_key: "nonsense" }))).toMatchObject({
    reason: "invalid_params",
  });
  expect(
    await refusal(() => t.client.call("tool.call", { tool: "time", session_key: "agent:nobody:main" })),
  ).toMatchObject({ reason: "not_found" });
  expect(await refusal(() => t.client.call("tool.call", { tool: "time", args: [] as never }))).toMatchObject({
    reason: "invalid_params",
  });
});
