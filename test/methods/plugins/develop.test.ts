import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { codeOf } from "../../support/plugin-home.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.develop says of a plugin whether it is in development", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "code", { manifest: codeOf() });
  expect(await t.client.call("plugins.develop", { id: "code" })).toMatchObject({
    development: true,
    status: "pending",
  });
  expect(await t.client.call("plugins.develop", { id: "code", on: false })).toMatchObject({ development: false });
});

test("plugins.develop refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.develop", { id: "code" })).rejects.toMatchObject({ reason: "not_found" });
});
