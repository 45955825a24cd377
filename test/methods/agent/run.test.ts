import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("agent.run answers when the message is taken, and the output follows as events", async () => {
  await using t = await conversation();
  const { events, until } = await collectEvents(t.client, "agent.*");
  t.fake.reply("Hello!");
  const started = await checked(t.client)("agent.run", { message: "Hi", session_key: MAIN });
  expect(started).toEqual({ run_id: expect.stringMatching(/^run_/), status: "running", session_key: MAIN });
  await until(({ topic }) => topic === "agent.completed");
  expect(events.at(-1)!.data).toMatchObject({ run_id: started.run_id, session_key: MAIN, text: "Hello!" });
});

test("agent.run takes the same idempotency key for the same run, and for another question not at all", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Once");
  const first = await call("agent.run", { message: "Hi", idempotency_key: "k" });
  await call("runs.wait", { run_id: first.run_id });
  expect(await call("agent.run", { message: "Hi", idempotency_key: "k" })).toEqual({ ...first, status: "completed" });
  expect(await refusal(() => call("agent.run", { message: "Bye", idempotency_key: "k" }))).toMatchObject({
    reason: "conflict",
  });
  expect(t.fake.requests).toHaveLength(1);
});

test("agent.run refuses what is no message, no session and no agent", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const reasons = [
    await refusal(() => call("agent.run", { message: "" })),
    await refusal(() => call("agent.run", { message: "x".repeat(1_000_001) })),
    await refusal(() => call("agent.run", { message: "Hi", session_key: "nonsense" })),
    await refusal(() => call("agent.run", { message: "Hi", mode: "later" as never })),
    await refusal(() => call("agent.run", { message: "Hi", attachments: [{ mime: "image/png", data: "no base64!" }] })),
    await refusal(() => call("agent.run", { message: "Hi", agent: "nobody" })),
  ].map(({ reason }) => reason);
  expect(reasons).toEqual([...Array(5).fill("invalid_params"), "not_found"]);
});
