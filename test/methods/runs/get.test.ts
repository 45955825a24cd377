import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.get shows a run with its messages", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply([{ tool_call: { name: "time", args: {} } }], "It is late");
  const { run_id } = await call("session.send", { message: "How late is it?", session_key: MAIN });
  const run = await call("runs.get", { run_id });
  expect(run).toMatchObject({ run_id, session_key: MAIN, status: "completed", steps: 2, text: "It is late" });
  expect(run.messages.map(({ role, content }) => [role, content !== ""])).toEqual([
    ["user", true],
    ["assistant", false],
    ["tool", true],
    ["assistant", true],
  ]);
});

test("runs.get knows no run that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("runs.get", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
});
