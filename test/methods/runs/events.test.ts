import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("runs.events reads what was published of a run, page by page", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  t.fake.reply("Hello!");
  const { run_id } = await call("session.send", { message: "Hi", session_key: MAIN });
  const { events } = await call("runs.events", { run_id });
  expect(events.map(({ topic }) => topic)).toEqual([
    "agent.started",
    "stream.agent_trace",
    "stream.chunk",
    "agent.completed",
  ]);
  expect(events.every(({ data }) => data.run_id === run_id)).toBe(true);
  const first = await call("runs.events", { run_id, limit: 3 });
  const rest = await call("runs.events", { run_id, after_seq: first.events.at(-1)!.seq });
  expect([...first.events, ...rest.events]).toEqual(events);
});

test("runs.events knows no run that there is not", async () => {
  await using t = await conversation();
  expect(await refusal(() => t.client.call("runs.events", { run_id: "run_none" }))).toEqual({
    reason: "not_found",
    message: 'No run "run_none"',
    data: { hint: "runs.list shows those that exist", reason: "not_found" },
  });
  expect(await refusal(() => t.client.call("runs.events", { run_id: "run_none", limit: 0 }))).toMatchObject({
    reason: "invalid_params",
  });
});
