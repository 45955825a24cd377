import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("events.subscribe tells where the line of events is", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  await call("session.create", {});
  const { seq } = await call("system.status", {});
  expect(await call("events.subscribe", { pattern: "session.*" })).toEqual({ pattern: "session.*", seq });
  expect(await call("events.subscribe", { pattern: "session.*", after_seq: 0 })).toEqual({ pattern: "session.*", seq });
  expect(await call("events.subscribe", { pattern: "session.*", after_seq: seq + 1 })).toEqual({
    pattern: "session.*",
    seq,
    truncated: true,
    oldest_seq: 1,
  });
});

test("events.subscribe refuses what is no pattern and no number", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  for (const params of [
    { pattern: "" },
    { pattern: "x".repeat(257) },
    { pattern: "**", after_seq: -1 },
    { pattern: "**", after_seq: 1.5 },
  ]) {
    expect(await refusal(() => call("events.subscribe", params))).toMatchObject({ reason: "invalid_params" });
  }
});
