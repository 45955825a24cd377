import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.status tells the status and nothing else", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Done");
  const { run_id } = await call("session.send", { message: "Hi" });
  expect(await call("runs.status", { run_id })).toEqual({ run_id, status: "completed" });
  expect(await refusal(() => call("runs.status", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
});
