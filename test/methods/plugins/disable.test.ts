import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.disable keeps a plugin off over a restart", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  await t.client.call("plugins.disable", { id: "style" });
  await t.app[Symbol.asyncDispose]();
  await using again = await testApp({ home: t.home.path });
  expect((await again.client.call("plugins.get", { id: "style" })).status).toBe("disabled");
});

test("plugins.disable refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.disable", { id: "style" })).rejects.toMatchObject({ reason: "not_found" });
});
