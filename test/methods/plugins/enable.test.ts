import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.enable and plugins.disable switch a plugin, also for the next start", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  expect((await t.client.call("plugins.disable", { id: "style" })).status).toBe("disabled");
  expect((await t.client.call("plugins.reload", { id: "style" })).status).toBe("disabled");
  expect((await t.client.call("plugins.enable", { id: "style" })).status).toBe("running");
});

test("plugins.enable refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.enable", { id: "style" })).rejects.toMatchObject({ reason: "not_found" });
});
