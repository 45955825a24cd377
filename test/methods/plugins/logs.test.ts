import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.logs shows what was logged of one plugin", async () => {
  await using t = await testApp();
  // Of those that were there at the start nothing is logged.
  await t.client.call("plugins.list", {});
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  await writePlugin(t.home.plugins, "broken", {});
  const { entries } = await t.client.call("plugins.logs", { id: "style" });
  expect(entries).toEqual([
    { n: 1, ts: expect.any(Number), level: "info", message: "plugin loaded", fields: { version: "1.0.0" } },
  ]);
  const broken = await t.client.call("plugins.logs", { id: "broken", limit: 1 });
  expect(broken.entries).toMatchObject([{ level: "warn", message: "plugin cannot be used" }]);
});

test("plugins.logs refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.logs", { id: "style" })).rejects.toMatchObject({ reason: "not_found" });
});
