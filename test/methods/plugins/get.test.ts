import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.get shows one plugin", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "folder", { id: "code", kind: "wasm" });
  expect(await t.client.call("plugins.get", { id: "code" })).toEqual({
    id: "code",
    folder: "folder",
    name: "The code",
    version: "1.0.0",
    description: "For tests",
    author: null,
    kind: "wasm",
    status: "error",
    error: { reason: "plugin_error", message: 'Plugins of kind "wasm" cannot be run by this version' },
    prompt_scope: null,
  });
});

test("plugins.get refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.get", { id: "constructor" })).rejects.toMatchObject({
    reason: "not_found",
    data: { hint: "plugins.list shows those that exist" },
  });
});
