import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.create makes a conversation of its own, or one under a name", async () => {
  await using t = await conversation({ config: { agents: { helper: {} } } });
  const call = checked(t.client);
  const fresh = await call("session.create", {});
  expect(fresh).toEqual({
    session_key: expect.stringMatching(/^agent:main:chat:[0-9a-f]{32}$/),
    kind: "owner",
    agent: "main",
    title: null,
    model: null,
    thinking: null,
    tools: null,
    created_at: expect.any(Number),
    updated_at: expect.any(Number),
    active_run: null,
    queued_runs: 0,
  });
  expect((await call("session.create", {})).session_key).not.toBe(fresh.session_key);
  expect(await call("session.create", { agent: "helper" })).toMatchObject({ agent: "helper" });
  expect(
    await call("session.create", {
      session_key: MAIN,
      title: "Mine",
      model: "fake/m",
      thinking: "low",
      tools: { deny: ["exec"] },
    }),
  ).toMatchObject({ session_key: MAIN, title: "Mine", model: "fake/m", thinking: "low", tools: { deny: ["exec"] } });
});

test("session.create refuses a key that is taken or is none, and an agent that there is not", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  await call("session.create", { session_key: MAIN });
  expect(await refusal(() => call("session.create", { session_key: MAIN }))).toEqual({
    reason: "conflict",
    message: 'Session "agent:main:main" exists already',
    data: { reason: "conflict" },
  });
  expect(await refusal(() => call("session.create", { session_key: "nonsense" }))).toMatchObject({
    reason: "invalid_params",
    data: { issues: [{ path: "session_key" }] },
  });
  for (const params of [{ agent: "nobody" }, { session_key: "agent:nobody:main" }]) {
    expect(await refusal(() => call("session.create", params))).toMatchObject({
      reason: "not_found",
      message: 'No agent "nobody"',
    });
  }
  expect((await call("session.list", {})).sessions).toHaveLength(1);
});
