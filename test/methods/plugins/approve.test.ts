import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../support/app.ts";
import { codeOf } from "../../support/plugin-home.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.approve lets a plugin do what was shown", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "code", { manifest: codeOf({ more: '[permissions]\nenv = ["KEY"]' }) });
  const shown = await t.client.call("plugins.get", { id: "code" });
  const events = await collectEvents(t.client, "plugin.*");
  const approved = await t.client.call("plugins.approve", { id: "code", sha256: shown.sha256! });
  expect(approved).toMatchObject({
    awaits: null,
    approved: { version: "1.0.0", sha256: shown.sha256!, approved_by: "owner", approved_at: expect.any(Number) },
  });
  expect(["loaded", "error"]).toContain(approved.status);
  await events.until(({ topic }) => topic === "plugin.status");
});

test("plugins.approve refuses files that are not those that were shown, and plugins that are not there", async () => {
  await using t = await testApp();
  await writePlugin(t.home.plugins, "code", { manifest: codeOf() });
  const refused = (id: string) => t.client.call("plugins.approve", { id, sha256: "0".repeat(64) });
  await expect(refused("code")).rejects.toMatchObject({ reason: "conflict" });
  await expect(refused("none")).rejects.toMatchObject({ reason: "not_found" });
});
