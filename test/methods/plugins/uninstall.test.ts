import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.uninstall removes a plugin", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = await writePlugin(elsewhere.path, "style", { prompt: "Use tabs." });
  await t.client.call("plugins.install", { source, accept_permissions: true });
  expect(await t.client.call("plugins.uninstall", { id: "style" })).toEqual({ id: "style" });
  const { plugins } = await t.client.call("plugins.list", {});
  expect(plugins.map(({ id }) => id)).not.toContain("style");
  expect(existsSync(join(t.home.plugins, "style"))).toBe(false);
});

test("plugins.uninstall refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.uninstall", { id: "../style" })).rejects.toMatchObject({ reason: "not_found" });
});

test("plugins.uninstall refuses a plugin that lies elsewhere", async () => {
  await using elsewhere = await testFolder();
  await writePlugin(elsewhere.path, "style", { prompt: "Use tabs." });
  await using t = await testApp({ config: { extensions: { search_paths: [elsewhere.path] } } });
  await expect(t.client.call("plugins.uninstall", { id: "style" })).rejects.toMatchObject({ reason: "conflict" });
  expect(existsSync(join(elsewhere.path, "style"))).toBe(true);
});
