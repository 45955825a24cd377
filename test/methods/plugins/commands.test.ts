import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { approvedCode, approvedPlugin } from "../../support/approved-plugin.ts";

test("plugins.commands names Aleph's own commands where there are no plugins", async () => {
  await using app = await testApp();
  const { commands } = await app.client.call("plugins.commands", {});
  expect(commands.map(({ word }) => word).slice(0, 3)).toEqual(["new", "reset", "stop"]);
  expect(commands.at(-1)).toEqual({ word: "help", plugin_id: null, description: "Show the commands", kind: "command" });
});

test("plugins.commands names commands and prompts, and starts no code for it", async () => {
  await using app = await testApp();
  await approvedPlugin(app, "haiku", { scope: "standalone", prompt: "Answer with a haiku." });
  await approvedCode(app, "tools", {
    manifest: '[[commands]]\nname = "ping"\ndescription = "Answers"\nhandler = "onPing"\n',
    code: "process.exit(1);",
  });
  const ofPlugins = async () =>
    (await app.client.call("plugins.commands", {})).commands.filter(({ plugin_id }) => plugin_id !== null);
  expect(await ofPlugins()).toEqual([
    { word: "haiku", plugin_id: "haiku", description: "For tests", kind: "prompt" },
    { word: "ping", plugin_id: "tools", description: "Answers", kind: "command" },
  ]);
  await app.client.call("plugins.disable", { id: "tools" });
  expect((await ofPlugins()).map(({ word }) => word)).toEqual(["haiku"]);
});
