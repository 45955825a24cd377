import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("events.unsubscribe ends a subscription, once", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  await call("events.subscribe", { pattern: "stream.*" });
  expect(await call("events.unsubscribe", { pattern: "stream.*" })).toEqual({ pattern: "stream.*" });
  expect(await call("events.list", {})).toEqual({ patterns: [] });
  expect(await refusal(() => call("events.unsubscribe", { pattern: "stream.*" }))).toEqual({
    reason: "not_found",
    message: 'No subscription "stream.*" on this connection',
    data: { reason: "not_found" },
  });
});
