import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { approvedCode, approvedPlugin } from "../../support/approved-plugin.ts";

test("plugins.commands names nothing where there are no plugins", async () => {
  await using app = await testApp();
  expect(await app.client.call("plugins.commands", {})).toEqual({ commands: [] });
});

test("plugins.commands names commands and prompts, and starts no code for it", async () => {
  await using app = await testApp();
  await approvedPlugin(app, "haiku", { scope: "standalone", prompt: "Answer with a haiku." });
  await approvedCode(app, "tools", {
    manifest: '[[commands]]\nname = "ping"\ndescription = "Answers"\nhandler = "onPing"\n',
    code: "process.exit(1);",
  });
  expect(await app.client.call("plugins.commands", {})).toEqual({
    commands: [
      { word: "haiku", plugin_id: "haiku", description: "For tests", kind: "prompt" },
      { word: "ping", plugin_id: "tools", description: "Answers", kind: "command" },
    ],
  });
  await app.client.call("plugins.disable", { id: "tools" });
  const { commands } = await app.client.call("plugins.commands", {});
  expect(commands.map(({ word }) => word)).toEqual(["haiku"]);
});
