import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.send answers when the run has ended, with its text and usage", async () => {
  await using t = await conversation();
  t.fake.reply({ steps: ["Hello!"], usage: { input: 7, output: 3 } });
  expect(await checked(t.client)("session.send", { message: "Hi", session_key: MAIN })).toEqual({
    run_id: expect.stringMatching(/^run_/),
    session_key: MAIN,
    text: "Hello!",
    usage: { input: 7, output: 3, cache_read: 0, cache_write: 0, cost_usd: null },
    status: "completed",
  });
});

test("session.send throws what the run failed with, and names the run", async () => {
  await using t = await conversation();
  t.fake.reply({ status: 400, message: "broken" });
  expect(await refusal(() => t.client.call("session.send", { message: "Hi" }))).toMatchObject({
    reason: "provider_error",
    data: { provider: "fake", status: 400, run_id: expect.stringMatching(/^run_/) },
  });
});

test("session.send answers for a run that was stopped as well", async () => {
  await using t = await conversation();
  const never = Promise.withResolvers<void>();
  t.fake.reply(["Half", { wait: never.promise }]);
  const sending = checked(t.client)("session.send", { message: "Hi", session_key: MAIN });
  const { promise, resolve } = Promise.withResolvers<string>();
  await t.client.subscribe("stream.chunk", ({ data }) => resolve((data as { run_id: string }).run_id), { afterSeq: 0 });
  await t.client.call("agent.abort", { run_id: await promise });
  expect(await sending).toMatchObject({ status: "cancelled", text: "Half" });
});
