import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { collectEvents, testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.reload opens a plugin anew and answers with its state then", async () => {
  await using t = await testApp();
  const path = await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const { denials: _, ...before } = await t.client.call("plugins.get", { id: "style" });
  const events = await collectEvents(t.client, "plugin.*");
  expect(await t.client.call("plugins.reload", { id: "style" })).toEqual(before);
  await events.until(({ topic }) => topic === "plugin.loaded");
  rmSync(join(path, "SKILL.md"));
  expect(await t.client.call("plugins.reload", { id: "style" })).toMatchObject({
    status: "error",
    error: { reason: "plugin_error", message: 'File "SKILL.md" does not exist' },
  });
});

test("plugins.reload refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.reload", { id: "style" })).rejects.toMatchObject({ reason: "not_found" });
});
