import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("events.list shows the subscriptions of this connection alone, in their order", async () => {
  await using app = await testApp();
  using other = await app.connect();
  const call = checked(app.client);
  expect(await call("events.list", {})).toEqual({ patterns: [] });
  await call("events.subscribe", { pattern: "stream.*" });
  await call("events.subscribe", { pattern: "agent.*" });
  await call("events.subscribe", { pattern: "stream.*" });
  await other.call("events.subscribe", { pattern: "**" });
  expect(await call("events.list", {})).toEqual({ patterns: ["stream.*", "agent.*"] });
  expect(await refusal(() => app.client.call("events.list", { of: "all" } as never))).toMatchObject({
    reason: "invalid_params",
  });
});
