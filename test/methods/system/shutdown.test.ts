import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("system.shutdown asks the server to stop, and says why", async () => {
  await using app = await testApp();
  expect(await checked(app.client)("system.shutdown", { reason: "for a test" })).toEqual({ stopping: true });
  expect(await app.app.stopRequested).toBe("for a test");
});

test("system.shutdown refuses a reason that is a novel", async () => {
  await using app = await testApp();
  expect(await refusal(() => app.client.call("system.shutdown", { reason: "x".repeat(201) }))).toMatchObject({
    reason: "invalid_params",
  });
});
