import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.patch sets what it names, null goes back, and the rest stays", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const { events, until } = await collectEvents(t.client, "session.*");
  await call("session.create", { session_key: MAIN, title: "Old", thinking: "low" });
  expect(await call("session.patch", { session_key: MAIN, title: "New", tools: { allow: ["time"] } })).toMatchObject({
    title: "New",
    thinking: "low",
    tools: { allow: ["time"] },
  });
  expect(await call("session.patch", { session_key: MAIN, thinking: null, tools: null })).toMatchObject({
    title: "New",
    thinking: null,
    tools: null,
  });
  await until(({ topic }) => topic === "session.updated");
  expect(events.at(-1)!.data).toMatchObject({ session_key: MAIN, title: "New" });
});

test("session.patch refuses a session that there is not and values that are none", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  expect(await refusal(() => call("session.patch", { session_key: "agent:main:chat:none", title: "x" }))).toEqual({
    reason: "not_found",
    message: 'No session "agent:main:chat:none"',
    data: { hint: "session.list shows those that exist", reason: "not_found" },
  });
  await call("session.create", { session_key: MAIN });
  for (const patch of [
    { title: "" },
    { title: "x".repeat(201) },
    { thinking: "hard" as never },
    { tools: { only: ["x"] } as never },
    { kind: "guest" },
  ]) {
    expect(await refusal(() => call("session.patch", { session_key: MAIN, ...patch }))).toMatchObject({
      reason: "invalid_params",
    });
  }
});
