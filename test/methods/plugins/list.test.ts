import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../support/app.ts";
import { manifestOf, writePlugin } from "../../support/plugins.ts";

test("plugins.list shows what is in ALEPH_HOME/plugins, and why a plugin cannot be used", async () => {
  await using t = await testApp();
  // What came with Aleph is there, and off.
  const first = await t.client.call("plugins.list", {});
  expect(first.plugins.filter(({ source, status }) => source !== "bundled" || status !== "disabled")).toEqual([]);
  const bad = await writePlugin(t.home.plugins, "bad", { manifest: manifestOf({ id: "bad" }).replace("SKILL.md", "") });
  const style = await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const events = await collectEvents(t.client, "plugin.*");
  const { plugins: all, folders } = await t.client.call("plugins.list", {});
  const plugins = all.filter(({ source }) => source !== "bundled");
  expect(folders).toContainEqual({ path: t.home.plugins, source: "user", trusted: true });
  const message = "must not be empty";
  const error = { reason: "plugin_error", message: `aleph_plugin.toml is not valid: line 9, prompt.file: ${message}` };
  const rest = {
    source: "user",
    awaits: null,
    permissions: { network: [], filesystem: [], env: [] },
    permissions_summary: [],
    approved: null,
    development: false,
    sandbox: null,
    installed_from: null,
    pid: null,
    tools: [],
    commands: [],
    services: [],
    channels: [],
    providers: [],
    hooks: [],
    http_routes: [],
  };
  const unknown = { name: null, version: null, description: null, author: null, kind: null, prompt_scope: null };
  expect(plugins as unknown).toEqual([
    {
      id: "bad",
      folder: "bad",
      path: bad,
      ...rest,
      ...unknown,
      sha256: null,
      serving: null,
      status: "error",
      error: { ...error, issues: [{ path: "prompt.file", message, line: 9 }] },
    },
    {
      id: "style",
      folder: "style",
      path: style,
      ...rest,
      permissions_summary: ["Tells the model something in every run"],
      sha256: plugins[1]!.sha256,
      serving: { version: "1.0.0", sha256: plugins[1]!.sha256 },
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
  await events.until(({ topic }) => topic === "plugin.error");
  expect(events.events.map(({ topic, data }) => [topic, data]) as unknown).toEqual([
    ["plugin.loaded", { plugin_id: "style", version: "1.0.0" }],
    ["plugin.status", { plugin_id: "bad", status: "error" }],
    ["plugin.error", { plugin_id: "bad", error }],
  ]);
});

test("plugins.list shows all stopped when the config switches extensions off", async () => {
  await using t = await testApp({ config: { extensions: { enabled: false } } });
  await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const { plugins } = await t.client.call("plugins.list", {});
  expect(plugins.find(({ id }) => id === "style")).toMatchObject({ status: "stopped", error: null });
  expect(plugins.filter(({ status }) => status !== "stopped")).toEqual([]);
});
