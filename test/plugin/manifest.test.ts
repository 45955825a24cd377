import { expect, test } from "bun:test";
import { parseManifest } from "../../src/plugin/manifest.ts";
import { refusal } from "../support/config.ts";
import { BARE_MANIFEST, manifestOf } from "../support/plugins.ts";

const parse = (text: string) => parseManifest(text);

test("parseManifest reads what a plugin says of itself", async () => {
  expect(await parse(manifestOf({ id: "code-style" }))).toEqual({
    ...BARE_MANIFEST,
    id: "code-style",
    name: "The code-style",
    prompt: { file: "SKILL.md", scope: "system" },
  });
});

test("parseManifest reads the complete example of the specification", async () => {
  const text = `[plugin]
id = "my-plugin"
name = "My Plugin"
version = "1.0.0"
description = "Does something useful"
author = "Your Name"
kind = "nodejs"
entry = "dist/index.js"

[permissions]
network = ["connect:https://*"]
filesystem = ["read:./data", "write:./output"]
env = ["API_KEY", "DEBUG"]

[prompt]
file = "SKILL.md"
scope = "system"

[[tools]]
name = "my_tool"
description = "Performs a specific task"
handler = "handleMyTool"
instruction_file = "docs/INSTRUCTIONS.md"

[[hooks]]
event = "before_tool_call"
kind = "interceptor"
priority = "normal"
handler = "onBeforeTool"

[[hooks]]
event = "after_tool_call"
kind = "observer"
priority = "low"
handler = "onAfterTool"
`;
  expect(await parse(text)).toEqual({
    ...BARE_MANIFEST,
    id: "my-plugin",
    name: "My Plugin",
    description: "Does something useful",
    author: "Your Name",
    kind: "nodejs",
    entry: "dist/index.js",
    permissions: {
      network: ["connect:https://*"],
      filesystem: ["read:./data", "write:./output"],
      env: ["API_KEY", "DEBUG"],
    },
    prompt: { file: "SKILL.md", scope: "system" },
    tools: [
      {
        name: "my_tool",
        description: "Performs a specific task",
        handler: "handleMyTool",
        parameters: { type: "object" },
        instructionFile: "docs/INSTRUCTIONS.md",
      },
    ],
    hooks: [
      { event: "before_tool_call", kind: "interceptor", priority: "normal", handler: "onBeforeTool" },
      { event: "after_tool_call", kind: "observer", priority: "low", handler: "onAfterTool" },
    ],
  });
});

test.each([
  [
    "a key that it does not know",
    ["description", "descripton"],
    "line 5, plugin.descripton",
    'did you mean "description"',
  ],
  ["a version that is none", ['"1.0.0"', '"one"'], "line 4, plugin.version", "must be a version like 1.0.0"],
  [
    "an id that is no name",
    ['"style"', '"../style"'],
    "line 2, plugin.id",
    "must be lower-case letters, digits, - or _",
  ],
  ["a kind that it does not know", ['"static"', '"statik"'], "line 6, plugin.kind", 'did you mean "static"'],
  ["a scope that it does not know", ['"system"', '"sytem"'], "line 10, prompt.scope", 'did you mean "system"'],
  ["a table of another kind", ["[prompt]", "[[tool]]"], "line 8, tool", 'did you mean "tools"'],
  ["a value of another type", ['"SKILL.md"', "3"], "line 9, prompt.file", "must be a string, not a whole number"],
  ["a table under another name", ["[plugin]", "[plugins]"], "line 1, plugins", 'did you mean "plugin"'],
  ["a key that is missing", ['scope = "system"', ""], "line 8, prompt.scope", "is missing; it must be one of"],
  ["what is no TOML", ["kind = ", "kind "], "line 6", "Not valid TOML"],
])("parseManifest refuses %s, with the line", async (_, [from, to], place, why) => {
  const { reason, message, data } = await refusal(() => parse(manifestOf().replace(from!, to!)));
  expect(reason).toBe("plugin_error");
  expect(message).toStartWith(`aleph_plugin.toml is not valid: ${place}: `);
  expect(message).toContain(why);
  expect(data).toEqual({ issues: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]) });
});
