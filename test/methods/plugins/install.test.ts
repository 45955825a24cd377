import { expect, test } from "bun:test";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.install puts a plugin in place, which waits for its owner; accepted, it is used at once", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = await writePlugin(elsewhere.path, "style", { prompt: "Use tabs." });
  const installed = await t.client.call("plugins.install", { source });
  expect(installed).toMatchObject({
    id: "style",
    version: "1.0.0",
    kind: "static",
    status: "pending",
    awaits: "approval",
    permissions: { network: [], filesystem: [], env: [] },
    path: join(t.home.plugins, "style"),
    installed_from: source,
    sandbox: null,
    replaced: null,
  });
  expect(installed.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(await t.client.call("plugins.install", { source, accept_permissions: true })).toMatchObject({
    status: "running",
    sha256: installed.sha256,
    approved: { sha256: installed.sha256, approved_by: "owner" },
    replaced: { version: "1.0.0", source },
  });
});

test.each([
  ["", "invalid_params"],
  ["style", "invalid_params"],
  ["./style", "invalid_params"],
  ["http://example.com/style.zip", "invalid_params"],
  ["https://user:secret@example.com/style.zip", "forbidden"],
  ["/nowhere/style", "not_found"],
  ["/etc/hostname", "plugin_error"],
])("plugins.install refuses %j", async (source, reason) => {
  await using t = await testApp();
  await expect(t.client.call("plugins.install", { source })).rejects.toMatchObject({ reason });
  const { plugins } = await t.client.call("plugins.list", {});
  expect(plugins.filter((plugin) => plugin.source === "user")).toEqual([]);
});
