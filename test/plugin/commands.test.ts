import { expect, test } from "bun:test";
import { PluginCommands } from "../../src/plugin/commands.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { activePlugins } from "../support/active-plugins.ts";
import { refusalOf } from "../support/tool-call.ts";

const command = (name: string) => ({ name, description: `Does ${name}`, handler: `on_${name}` });
const PLACE = { agent: "main", sessionKey: "agent:main:main", runId: "run_1", grant: OWNER_GRANT };
/** As its handler is told. */
const CONTEXT = { agent: "main", sessionKey: "agent:main:main", runId: "run_1", identity: "owner" };

function setUp() {
  const plugins = activePlugins(
    { id: "a", commands: [command("ping"), command("both"), command("style")], code: { on_ping: () => "pong" } },
    {
      id: "b",
      commands: [command("both")],
      code: {
        on_both: () => ({ up: true }),
      },
    },
    { id: "style", prompts: [{ scope: "standalone", text: "S" }] },
  );
  return { plugins, commands: new PluginCommands({ plugins }) };
}

test("PluginCommands lists each command by its shortest word, and prompts by the names of their plugins", async () => {
  const words = await setUp().commands.words();
  expect(words.map(({ word, plugin, kind }) => [word, plugin, kind])).toEqual([
    ["ping", "a", "command"],
    ["a:both", "a", "command"],
    ["a:style", "a", "command"],
    ["b:both", "b", "command"],
    ["style", "style", "prompt"],
  ]);
  expect(words[0]).toEqual({ word: "ping", plugin: "a", description: "Does ping", kind: "command" });
});

test.each([
  ["/ping", "a", "ping", { text: "", words: [] }],
  ["/ping  one  two ", "a", "ping", { text: "one  two", words: ["one", "two"] }],
  ["/ping\nline one\nline two", "a", "ping", { text: "line one\nline two", words: ["line", "one", "line", "two"] }],
  ["/a:ping x", "a", "ping", { text: "x", words: ["x"] }],
  ["/b:both", "b", "both", { text: "", words: [] }],
  ["/a:style", "a", "style", { text: "", words: [] }],
])("PluginCommands finds what %j calls", async (message, plugin, name, args) => {
  expect(await setUp().commands.find(message, OWNER_GRANT)).toEqual({ plugin, command: name, args });
});

test.each([
  "Hello",
  "",
  "/",
  "/unknown",
  "/Ping",
  " /ping",
  "//ping",
  "/ping/x",
  "/both",
  "/b:ping",
  "/none:ping",
  "/style now",
  "Say /ping",
])("PluginCommands leaves %j to the model", async (message) => {
  expect(await setUp().commands.find(message, OWNER_GRANT)).toBeUndefined();
});

test("PluginCommands finds nothing for a guest", async () => {
  expect(await setUp().commands.find("/ping", { role: "guest" })).toBeUndefined();
});

test("PluginCommands asks for plugins only when a message begins with a slash", async () => {
  const { plugins, commands } = setUp();
  await commands.find("Hello /ping", OWNER_GRANT);
  expect(plugins.asked).toBe(0);
});

test("PluginCommands runs a command with its arguments and its place, and makes a text of what it gives", async () => {
  const { plugins, commands } = setUp();
  const { signal } = new AbortController();
  expect(await commands.run({ plugin: "a", command: "ping", args: { text: "x", words: ["x"] } }, PLACE, signal)).toBe(
    "pong",
  );
  expect(plugins.calls).toEqual([
    { handler: "on_ping", args: { text: "x", words: ["x"] }, context: { command: "ping", ...CONTEXT }, signal },
  ]);
  expect(await commands.run({ plugin: "b", command: "both", args: {} }, PLACE, signal)).toBe('{"up":true}');
});

test.each([
  ["ab", "ping", 'not_found: No plugin "ab" is in use'],
  ["a", "pin", 'not_found: Plugin "a" has no command "pin"'],
  ["a", "both", 'plugin_error: Handler "on_both" is gone'],
])("PluginCommands refuses the command of %s that is called %s", async (plugin, name, told) => {
  const { commands } = setUp();
  const call = { plugin, command: name, args: {} };
  expect(await refusalOf(commands.run(call, PLACE, new AbortController().signal))).toBe(told);
});
