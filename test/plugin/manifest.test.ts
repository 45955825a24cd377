import { expect, test } from "bun:test";
import { parseManifest } from "../../src/plugin/manifest.ts";
import { refusal } from "../support/config.ts";
import { BARE_MANIFEST, manifestOf } from "../support/plugins.ts";

const parse = (text: string) => parseManifest(text, { file: "aleph_plugin.toml", format: "toml" });

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

const CODE = `[plugin]
id = "code"
name = "Code"
version = "1.0.0"
description = "For tests"
kind = "nodejs"
entry = "dist/index.js"
`;

test.each([
  ["code without an entry", CODE.replace(/entry.*\n/, ""), "line 1, plugin.entry", "is missing"],
  ["an entry without code", CODE.replace('"nodejs"', '"static"'), "line 7, plugin.entry", "goes with code"],
  ["tools without code", `${manifestOf()}\n${tool("a")}`, "line 12, tools", "goes with code"],
  ["a tool's name twice", CODE + tool("a") + tool("a"), "line 13, tools.1.name", '"a" is there twice'],
  ["a rule that names no host", `${CODE}[permissions]\nnetwork = ["connect:https://"]`, "line 9", "must be like"],
  [
    "a rule with a wrong host",
    `${CODE}[permissions]\nnetwork = ["connect:https://a..b"]`,
    "line 9",
    "does not name a host",
  ],
  ["Aleph's variables", `${CODE}[permissions]\nenv = ["ALEPH_TOKEN"]`, "line 9, permissions.env.0", "is no variable"],
  ["to write its own code", `${CODE}[permissions]\nfilesystem = ["write:./dist"]`, "line 9", "change its own code"],
  ["to write its folder", `${CODE}[permissions]\nfilesystem = ["write:."]`, "line 9", "change its own code"],
  ["another spelling of a key", `${CODE}Entry = "a"\n`, "line 8, plugin.Entry", 'did you mean "entry"'],
  [
    "a key in two spellings",
    `${CODE}[[tools]]\ntimeoutMs = 1\ntimeout_ms = 2\n`,
    "line 9, tools.0.timeout_ms",
    "keep one",
  ],
  [
    "a secret that is not named",
    `${CODE}[[http_routes]]\nmethod = "POST"\npath = "/a"\nhandler = "h"\nauth = "signature"\nsignature = { header = "x-a", secret = "KEY" }\n`,
    "line 13, http_routes.0.signature.secret",
    "is not named in permissions.env",
  ],
])("parseManifest refuses %s", async (_, text, place, why) => {
  const { reason, message } = await refusal(() => parse(text));
  expect([reason, message]).toEqual(["plugin_error", expect.stringContaining(`is not valid: ${place}`)]);
  expect(message).toContain(why);
});

function tool(name: string): string {
  return `[[tools]]\nname = "${name}"\ndescription = "d"\nhandler = "h"\n`;
}

const ABOUT = { id: "code", name: "Code", version: "1.0.0", description: "For tests", kind: "wasm", entry: "a.wasm" };

test("parseManifest reads JSON, with keys in camelCase too, and leaves parameters as they are", async () => {
  const parameters = { type: "object", properties: { someKey: { type: "string" } }, additionalProperties: false };
  const tools = [{ name: "t", description: "d", handler: "h", timeoutMs: 5, instructionFile: "a.md", parameters }];
  const json = JSON.stringify({ plugin: ABOUT, tools, httpRoutes: [] });
  const { tools: read, kind } = await parseManifest(json, { file: "aleph_plugin.json", format: "json" });
  expect([kind, read]).toEqual([
    "wasm",
    [{ name: "t", description: "d", handler: "h", timeoutMs: 5, instructionFile: "a.md", parameters }],
  ]);
});

const PACKAGE = { file: "package.json", format: "json", section: "alephPlugin", isFlat: true } as const;
const LEGACY = { file: "plugin.json", format: "json", isFlat: true } as const;

test("parseManifest takes from package.json what the section leaves out", async () => {
  const { name, version, description, ...own } = ABOUT;
  const text = JSON.stringify({ name, version: "2.0.0", description, main: "x.js", alephPlugin: { ...own, version } });
  expect(await parseManifest(text, PACKAGE)).toEqual({ ...BARE_MANIFEST, ...ABOUT });
  const nested = JSON.stringify({ name, version, description, alephPlugin: { plugin: own } });
  expect(await parseManifest(nested, PACKAGE)).toEqual({ ...BARE_MANIFEST, ...ABOUT });
});

test("parseManifest reads the flat form of legacy names, with main for entry", async () => {
  const { entry, ...rest } = ABOUT;
  expect(await parseManifest(JSON.stringify({ ...rest, main: entry }), LEGACY)).toEqual({ ...BARE_MANIFEST, ...ABOUT });
  const toml = CODE.replace("[plugin]\n", "").replace("entry", "main");
  const read = await parseManifest(toml, { file: "plugin.toml", format: "toml", isFlat: true });
  expect([read.id, read.entry]).toEqual(["code", "dist/index.js"]);
});

test.each([
  [
    "not JSON",
    LEGACY,
    '{\n  "id": "a",\n}',
    "plugin.json is not valid: line 3: Not valid JSON: a key in quotes is missing",
  ],
  [
    "an unknown key",
    { file: "aleph_plugin.json", format: "json" } as const,
    JSON.stringify({ plugin: { ...ABOUT, desciption: "x" } }, null, 1),
    'aleph_plugin.json is not valid: line 9, plugin.desciption: unknown key; did you mean "description"',
  ],
  [
    "a flat form where it does not belong",
    { file: "aleph_plugin.json", format: "json" } as const,
    JSON.stringify({ id: "a" }, null, 1),
    "aleph_plugin.json is not valid: line 2, id: unknown key; known here: plugin",
  ],
  [
    "a wrong value of the package",
    PACKAGE,
    JSON.stringify({ name: "p", version: "one", alephPlugin: { ...ABOUT, version: undefined } }, null, 1),
    "package.json is not valid: line 3, version: must be a version like 1.0.0",
  ],
  [
    "a wrong value in the section",
    PACKAGE,
    JSON.stringify({ name: "p", alephPlugin: { ...ABOUT, httpRoutes: [{ method: "GOT" }] } }, null, 1),
    "package.json is not valid: line 12, alephPlugin.http_routes.0.method: must be one of",
  ],
  [
    "a wrong entry under its old name",
    LEGACY,
    JSON.stringify({ ...ABOUT, entry: undefined, main: 3 }, null, 1),
    "plugin.json is not valid: line 7, main: must be a string, not a whole number",
  ],
  ["what is no object", LEGACY, "[]", "plugin.json is not valid: must be an object, not an array"],
  [
    "a section that is none",
    PACKAGE,
    '{"alephPlugin": 1}',
    "package.json is not valid: line 1, alephPlugin: must be an object",
  ],
])("parseManifest refuses in JSON %s, with the line", async (_, format, text, message) => {
  const refused = await refusal(() => parseManifest(text, format));
  expect([refused.reason, refused.message]).toEqual(["plugin_error", expect.stringContaining(message)]);
});
