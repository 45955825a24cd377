import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../support/app.ts";
import { manifestOf, writePlugin } from "../../support/plugins.ts";

test("plugins.list shows what is in ALEPH_HOME/plugins, and why a plugin cannot be used", async () => {
  await using t = await testApp();
  expect(await t.client.call("plugins.list", {})).toEqual({ plugins: [] });
  await writePlugin(t.home.plugins, "bad", { manifest: manifestOf({ id: "bad" }).replace("SKILL.md", "") });
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const events = await collectEvents(t.client, "plugin.*");
  const { plugins } = await t.client.call("plugins.list", {});
  const message = "must not be empty";
  const error = { reason: "plugin_error", message: `aleph_plugin.toml is not valid: line 9, prompt.file: ${message}` };
  const unknown = { name: null, version: null, description: null, author: null, kind: null, prompt_scope: null };
  expect(plugins as unknown).toEqual([
    {
      id: "bad",
      folder: "bad",
      ...unknown,
      status: "error",
      error: { ...error, issues: [{ path: "prompt.file", message, line: 9 }] },
    },
    {
      id: "style",
      folder: "style",
      name: "The style",
      version: "1.0.0",
      description: "For tests",
      author: null,
      kind: "static",
      status: "running",
      error: null,
      prompt_scope: "system",
    },
  ]);
  await events.until(({ topic }) => topic === "plugin.loaded");
  expect(events.events.map(({ topic, data }) => [topic, data])).toEqual([
    ["plugin.error", { plugin_id: "bad", error }],
    ["plugin.loaded", { plugin_id: "style", version: "1.0.0" }],
  ]);
});

test("plugins.list shows all stopped when the config switches extensions off", async () => {
  await using t = await testApp({ config: { extensions: { enabled: false } } });
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const { plugins } = await t.client.call("plugins.list", {});
  expect(plugins.map(({ id, status, error }) => [id, status, error])).toEqual([["style", "stopped", null]]);
});
