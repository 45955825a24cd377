/** The bundled plugin as its owner has it. */
import { expect, test } from "bun:test";
import { testApp } from "../support/app.ts";
import { carriedFiles, carriedManifest } from "../support/bundled-plugin.ts";

test("code-style has no code, asks for nothing, and is in use as soon as it is enabled", async () => {
  const { permissions, kind, prompt } = await carriedManifest("code-style");
  expect({ permissions, kind, prompt }).toEqual({
    permissions: { network: [], filesystem: [], env: [] },
    kind: "static",
    prompt: { file: "SKILL.md", scope: "system" },
  });
  await using t = await testApp();
  expect(await t.client.call("plugins.get", { id: "code-style" })).toMatchObject({
    status: "disabled",
    source: "bundled",
  });
  expect(await t.client.call("plugins.enable", { id: "code-style" })).toMatchObject({ status: "running", error: null });
  expect(await t.client.call("plugins.disable", { id: "code-style" })).toMatchObject({ status: "disabled" });
});

test("code-style is short: it is in every run", () => {
  expect(carriedFiles("code-style")["SKILL.md"]!.length).toBeLessThan(1500);
});
