import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("services.list is empty where no plugin has a service, and the others say that there is none", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  expect(await call("services.list", {})).toEqual({ services: [] });
  for (const method of ["services.status", "services.start", "services.stop"] as const) {
    expect(await refusal(() => call(method, { name: "acme/watch" }))).toMatchObject({
      reason: "not_found",
      message: 'No service "acme/watch"',
    });
  }
});
