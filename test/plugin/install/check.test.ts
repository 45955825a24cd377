import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import wabt from "wabt";
import { checkPlugin } from "../../../src/plugin/install/check.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";

const CHECK = { version: "0.1.0", withCode: true };

const HEAD = (kind: string) => `[plugin]
id = "mine"
name = "Mine"
version = "1.0.0"
description = "For tests"
kind = "${kind}"
`;
const TOOL = (more = "") => `[[tools]]
name = "greet"
description = "Greets"
handler = "onGreet"
${more}
`;

/** What is found in a plugin of these files, as `level: message`. */
async function found(files: Readonly<Record<string, string | Uint8Array>>): Promise<readonly string[]> {
  await using folder = await testFolder();
  for (const [path, content] of Object.entries(files)) await Bun.write(join(folder.path, path), content);
  const { findings } = await checkPlugin(folder.path, CHECK);
  return findings.map(({ level, message }) => `${level}: ${message}`);
}

const script = (text: string, more: Readonly<Record<string, string>> = {}, manifest = TOOL()) =>
  found({
    "aleph_plugin.toml": `${HEAD("nodejs")}entry = "dist/index.js"\n${manifest}`,
    "dist/index.js": text,
    ...more,
  });

test("checkPlugin tells what a plugin is, and finds nothing wrong with one that is right", async () => {
  await using folder = await testFolder();
  const manifest = `${HEAD("nodejs")}entry = "dist/index.js"\naleph = ">=0.1"\n[permissions]\nenv = ["API_KEY"]\n${TOOL()}`;
  await Bun.write(join(folder.path, "aleph_plugin.toml"), manifest);
  await Bun.write(join(folder.path, "dist/index.js"), "export function onGreet() {}");
  const checked = await checkPlugin(folder.path, CHECK);
  expect([checked.file, checked.manifest.id, checked.findings]).toEqual(["aleph_plugin.toml", "mine", []]);
  expect(checked.summary).toEqual(["Gets the value of the variable API_KEY"]);
  expect(checked.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("checkPlugin parses no code where that is not wanted", async () => {
  await using folder = await testFolder();
  await Bun.write(join(folder.path, "aleph_plugin.toml"), `${HEAD("nodejs")}entry = "index.js"\n${TOOL()}`);
  await Bun.write(join(folder.path, "index.js"), "export (");
  expect((await checkPlugin(folder.path, { ...CHECK, withCode: false })).findings).toEqual([]);
});

test("checkPlugin: a handler may be known by the name of its tool", async () => {
  expect(await script("createServer({tools: {greet: () => 1}})")).toEqual([]);
});

test("checkPlugin warns of a handler that the entry does not mention", async () => {
  expect(await script("export function onGreeting() {}")).toEqual([
    'warning: The code does not mention "onGreet", the handler of tool "greet"',
  ]);
});

test("checkPlugin looks for handlers in all files of the code", async () => {
  const there = { "dist/a.ts": 'export * from "./b";', "dist/b.tsx": "export const onGreet = 1;" };
  expect(await script('import "./a.js"', there)).toEqual([]);
  expect(
    await script('import "./a.js"', { ...there, "dist/b.tsx": 'import "nowhere"; export const onGreet = 1' }),
  ).toEqual([
    'warning: The file "dist/b.tsx" imports "nowhere", which is not among the plugin\'s files; bundle it, or pack it too',
  ]);
  const [first] = await script('import "./a.js"', { ...there, "dist/b.tsx": "export (" });
  expect(first).toStartWith('error: The file "dist/b.tsx" cannot be read: ');
});

test("checkPlugin: a hook and a route may be known by what they are for", async () => {
  const hook = '[[hooks]]\nevent = "on_error"\nkind = "observer"\nhandler = "a"\n';
  const route = '[[http_routes]]\nmethod = "POST"\npath = "/in"\nhandler = "b"\n';
  expect(await script('createServer({hooks: {on_error() {}}, routes: {"POST /in"() {}}})', {}, hook + route)).toEqual(
    [],
  );
  expect(await script("createServer({})", {}, hook + route)).toBeArrayOfSize(2);
});

test("checkPlugin finds what the entry cannot import, and knows what it can", async () => {
  const text = [
    'import "node:fs"; import "fs/promises"; import "bun"; import "@aleph/plugin-sdk";',
    'import "./other.js"; import "../src/typed.js"; import "../lib"; import "zod"; import "@scope/name/deep";',
    'import "./missing.js"; import "../../outside.js"; import "nowhere"; export function onGreet() {}',
  ].join("\n");
  const there = {
    "dist/other.js": "",
    "src/typed.ts": "",
    "lib/index.ts": "",
    "node_modules/zod/package.json": "{}",
    "node_modules/@scope/name/package.json": "{}",
  };
  const missing = (path: string) =>
    `warning: The entry "dist/index.js" imports "${path}", which is not among the plugin's files; bundle it, or pack it too`;
  expect(await script(text, there)).toEqual([missing("./missing.js"), missing("../../outside.js"), missing("nowhere")]);
});

interface Wrong {
  readonly entry?: string;
  readonly aleph?: string;
  readonly more?: string;
  readonly tool?: string;
}

const WRONG: readonly [string, Wrong, string][] = [
  ["an entry that is not there", { entry: "dist/other.js" }, 'The entry "dist/other.js" is not a file of the plugin'],
  ["an entry outside", { entry: "../index.js" }, 'The entry "../index.js" is not a file of the plugin'],
  ["an entry that is a folder", { entry: "dist" }, 'The entry "dist" is not a file of the plugin'],
  [
    "an entry of another kind",
    { entry: "SKILL.md" },
    'The entry "SKILL.md" is neither JavaScript nor TypeScript by its name',
  ],
  ["a version of Aleph", { aleph: ">=9" }, "It is made for Aleph >=9, and this is 0.1.0"],
  ["a prompt that is not there", { more: '[prompt]\nfile = "NO.md"\nscope = "tool"' }, 'File "NO.md" does not exist'],
  ["instructions that are not there", { tool: 'instruction_file = "NO.md"' }, 'File "NO.md" does not exist'],
  [
    "parameters that are no schema",
    { tool: 'parameters = { type = "nothing" }' },
    'The parameters of tool "greet" are not usable: ',
  ],
  [
    "parameters that refer elsewhere",
    { tool: 'parameters = { "$ref" = "https://x.test/y" }' },
    'The parameters of tool "greet" are not usable: ',
  ],
];

test.each(WRONG)(
  "checkPlugin finds an error: %s",
  async (_, { entry = "dist/index.js", aleph = ">=0.1", more = "", tool = "" }, message) => {
    const manifest = `${HEAD("nodejs")}entry = "${entry}"\naleph = "${aleph}"\n${more}\n${TOOL(tool)}`;
    const files = {
      "aleph_plugin.toml": manifest,
      "dist/index.js": "export function onGreet() {}",
      "SKILL.md": "Be kind.",
    };
    const [first, ...others] = await found(files);
    expect(others).toEqual([]);
    expect(first).toStartWith(`error: ${message}`);
  },
);

test("checkPlugin finds an error: an entry that is no JavaScript", async () => {
  const [first] = await script("export function (");
  expect(first).toStartWith('error: The entry "dist/index.js" cannot be read: ');
});

test("checkPlugin warns of an empty prompt", async () => {
  const manifest = `${HEAD("static")}[prompt]\nfile = "SKILL.md"\nscope = "system"\n`;
  expect(await found({ "aleph_plugin.toml": manifest, "SKILL.md": " \n" })).toEqual([
    'warning: File "SKILL.md" is empty',
  ]);
});

test("checkPlugin looks for the handlers of a module among what it exports", async () => {
  const { parseWat } = await wabt();
  const { buffer } = parseWat("x.wat", '(module (func (export "onGreet")) (memory (export "onPing") 1))').toBinary({});
  const command = '[[commands]]\nname = "ping"\ndescription = "Pings"\nhandler = "onPing"\n';
  const manifest = `${HEAD("wasm")}entry = "plugin.wasm"\n${TOOL()}${command}`;
  expect(await found({ "aleph_plugin.toml": manifest, "plugin.wasm": buffer })).toEqual([
    'error: The entry exports no function "onPing" for command "ping"',
  ]);
  const [first] = await found({ "aleph_plugin.toml": manifest, "plugin.wasm": "no module" });
  expect(first).toStartWith('error: The entry "plugin.wasm" is no WebAssembly module: ');
});

test("checkPlugin refuses what is no plugin, and a plugin with links", async () => {
  await using folder = await testFolder();
  expect(checkPlugin(folder.path, CHECK)).rejects.toThrow(AlephError);
  await Bun.write(join(folder.path, "aleph_plugin.toml"), "nonsense");
  expect(checkPlugin(folder.path, CHECK)).rejects.toThrow(AlephError);
  await Bun.write(join(folder.path, "aleph_plugin.toml"), `${HEAD("nodejs")}entry = "index.js"\n`);
  await mkdir(join(folder.path, "lib"));
  await symlink("/etc/passwd", join(folder.path, "lib/link"));
  expect(checkPlugin(folder.path, CHECK)).rejects.toThrow("is a link");
});
