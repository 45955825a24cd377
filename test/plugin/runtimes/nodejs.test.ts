import { expect, test } from "bun:test";
import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { refusal } from "../../support/config.ts";
import { callOf, nodejsPlugin, toolsEntry } from "../../support/nodejs-plugin.ts";
import { until } from "../../support/until.ts";

const tool = (name: string, handler: string) => ({ name, handler, description: "For tests", parameters: {} });

test("the nodejs runtime runs a TypeScript entry with the SDK that nobody installed", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "src/index.ts": `import { createServer, type Handler } from "@aleph/plugin-sdk";
import { twice } from "./twice";
enum Kind { A = "a" }
const double: Handler<{ n: number }> = async ({ n }, { signal, ...place }) => ({ n: twice(n), kind: Kind.A, place });
await createServer({ name: "p", tools: { double } }).start();
`,
      "src/twice.ts": "export const twice = (n: number): number => n * 2;\n",
    },
    manifest: { entry: "src/index.ts", tools: [tool("double_it", "double")] },
  });
  const process = await plugin.start();
  expect(await process.call(callOf("double", { n: 21 }, { context: { agent: "main" } }))).toEqual({
    n: 42,
    kind: "a",
    place: { agent: "main" },
  });
  expect(process.pid).toBeGreaterThan(1);
});

test("the nodejs runtime finds a handler by its name, by the name of what it is for, or among the exports", async () => {
  const it = (name: string) => `async () => "${name}"`;
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer } from "@aleph/plugin-sdk";
class Sync { word = "method"; start() { return this.word; } stop() { return "stopped"; } }
createServer({
  name: "p",
  tools: { my_tool: ${it("by tool")}, direct: ${it("by handler")} },
  hooks: { before_tool_call: ${it("by event")} },
  commands: { ping: ${it("by command")} },
  services: { sync: new Sync() },
  channels: { chat: { connect: ${it("connect")}, disconnect: ${it("disconnect")}, send: ${it("send")} } },
  providers: { llm: { listModels: ${it("models")}, chat: ${it("chat")}, async *stream() { yield 1; }, embed: ${it("embed")} } },
  routes: { "POST /hook": ${it("by route")} },
  handlers: { special: ${it("in handlers")} },
}).start();
export function exported() { return "exported"; }
export default { byDefault: () => "of the default export" };
`,
    },
    manifest: {
      tools: [tool("my_tool", "handleMyTool"), tool("other", "direct")],
      hooks: [{ event: "before_tool_call", kind: "observer", priority: "normal", handler: "onBefore" }],
      commands: [{ name: "ping", description: "d", handler: "handlePing" }],
      services: [{ name: "sync", description: "d", startHandler: "goSync", stopHandler: "noSync", autoStart: false }],
      channels: [
        {
          name: "chat",
          description: "d",
          connectHandler: "c1",
          disconnectHandler: "c2",
          sendHandler: "c3",
          buttons: false,
        },
      ],
      providers: [
        {
          name: "llm",
          description: "d",
          listModelsHandler: "p1",
          chatHandler: "p2",
          streamHandler: "p3",
          embedHandler: "p4",
        },
      ],
      httpRoutes: [{ method: "POST", path: "/hook", handler: "onHook", auth: "public" }],
    },
  });
  const process = await plugin.start();
  const names = [
    "handleMyTool",
    "direct",
    "onBefore",
    "handlePing",
    "goSync",
    "noSync",
    "c1",
    "c2",
    "c3",
    "p1",
    "p2",
    "p4",
  ];
  const more = ["onHook", "special", "exported", "byDefault", "my_tool"];
  const answers = await Promise.all([...names, ...more].map((handler) => process.call(callOf(handler))));
  expect(answers).toEqual([
    ...["by tool", "by handler", "by event", "by command", "method", "stopped", "connect", "disconnect", "send"],
    ...["models", "chat", "embed", "by route", "in handlers", "exported", "of the default export", "by tool"],
  ]);
  expect(plugin.entries).toEqual([]);
});

test("the nodejs runtime starts entries that only export functions, in CommonJS too", async () => {
  await using plugin = await nodejsPlugin({
    files: { "index.cjs": "exports.hello = ({ name }) => 'hello ' + name;\n" },
    manifest: { entry: "index.cjs", tools: [tool("hello", "hello")] },
  });
  expect(await (await plugin.start()).call(callOf("hello", { name: "x" }))).toBe("hello x");
});

test("the nodejs runtime says at the start which handlers are missing, and at the call that it is", async () => {
  await using plugin = await nodejsPlugin({
    files: { "index.ts": toolsEntry("here: async () => 1") },
    manifest: { tools: [tool("here", "here"), tool("gone", "handleGone")] },
  });
  const process = await plugin.start();
  expect(plugin.entries.map(({ level, message, fields }) => [level, message, fields])).toEqual([
    ["warn", "plugin lacks handlers that its manifest names", { handlers: ["handleGone"] }],
  ]);
  const missing = {
    reason: "plugin_error" as const,
    message: 'The plugin has no handler "handleGone"',
    data: { plugin: "p", code: "handler" },
  };
  expect(await refusal(() => process.call(callOf("handleGone")))).toEqual(missing);
  expect((await refusal(() => process.call(callOf("constructor")))).message).toBe(
    'The plugin has no handler "constructor"',
  );
  expect(await process.call(callOf("here"))).toBe(1);
});

test("the nodejs runtime lets a plugin bring packages of its own", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import * as z from "zod";
import { parse } from "small";
export const check = (args: unknown) => z.object({ n: z.number() }).safeParse(args).success + " " + parse("1");
`,
      "node_modules/small/package.json": '{"name":"small","version":"1.0.0","main":"lib.js"}',
      "node_modules/small/lib.js": "exports.parse = require('./deep.js');",
      "node_modules/small/deep.js": "module.exports = (text) => Number(text);",
      "node_modules/@aleph/plugin-sdk/package.json": '{"name":"@aleph/plugin-sdk","main":"old.js"}',
      "node_modules/@aleph/plugin-sdk/old.js": "throw new Error('not this one')",
    },
  });
  const from = join(import.meta.dir, "../../../node_modules/zod");
  await cp(from, join(plugin.folder, "node_modules/zod"), { recursive: true, dereference: true });
  expect(await (await plugin.start()).call(callOf("check", { n: 1 }))).toBe("true 1");
});

test.each([
  ["const a: number = ;", /cannot be loaded: .*\(index\.ts:1:19\)$/, { file: "index.ts", line: 1, column: 19 }],
  ["\nimport { x } from './lib/broken.ts'; x();", /\(lib\/broken\.ts:2:\d+\)$/, { file: "lib/broken.ts", line: 2 }],
  [
    "\n\nfunction f() { throw new TypeError('boom'); }\nf();",
    /: boom \(index\.ts:3:\d+\)$/,
    { file: "index.ts", line: 3 },
  ],
  ["await Promise.reject(new Error('later'))", /: later \(index\.ts:1/, { file: "index.ts", line: 1 }],
  ["import { a } from 'no-such-package'; a();", /no-such-package/, {}],
  ["throw 'a text'", /cannot be loaded: a text$/, {}],
])("the nodejs runtime says why an entry cannot be loaded, and where: %j", async (entry, message, place) => {
  await using plugin = await nodejsPlugin({
    files: { "index.ts": entry, "lib/broken.ts": "export const x = 1;\nexport const = 2;\n" },
  });
  const failed = await refusal(() => plugin.start());
  expect([failed.reason, failed.message]).toEqual(["plugin_error", expect.stringMatching(message)]);
  expect(failed.data).toMatchObject({ plugin: "p", code: "start", ...place });
});

test("the nodejs runtime says that an entry exited or never started its server", async () => {
  await using exits = await nodejsPlugin({ files: { "index.ts": "console.log('bye'); process.exit(3);" } });
  expect(await refusal(() => exits.start())).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" ended before it answered: exited with code 3',
    data: { plugin: "p", code: "crashed" },
  });
  expect(exits.printed()).toEqual(["bye"]);
});

test("the nodejs runtime waits for a server that is started after the entry was read, and for none that never ends", async () => {
  await using late = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer } from "@aleph/plugin-sdk";
const server = createServer({ name: "p", tools: { now: () => "ready" } });
setTimeout(() => server.start(), 30);
`,
    },
  });
  expect(await (await late.start()).call(callOf("now"))).toBe("ready");
  await using endless = await nodejsPlugin({
    files: { "index.ts": `${toolsEntry("now: () => 'ready'")}await new Promise(() => {});` },
  });
  expect(await (await endless.start()).call(callOf("now"))).toBe("ready");
});

test("the nodejs runtime refuses an entry that is not a file of the plugin's", async () => {
  await using plugin = await nodejsPlugin({
    files: { "index.ts": "", "folder/x.ts": "" },
    manifest: { entry: "gone.ts" },
  });
  const start = { plugin: "p", code: "start" };
  expect(await refusal(() => plugin.start())).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" has no file "gone.ts", which is its entry',
    data: start,
  });
  await using outside = await nodejsPlugin({ files: { "index.ts": "" }, manifest: { entry: "../secret.ts" } });
  writeFileSync(join(outside.folder, "../secret.ts"), "");
  expect((await refusal(() => outside.start())).message).toBe(
    'Plugin "p" has its entry "../secret.ts" outside of its folder',
  );
  await using linked = await nodejsPlugin({ files: { "other.ts": "" } });
  writeFileSync(join(linked.folder, "../secret.ts"), "");
  symlinkSync("../secret.ts", join(linked.folder, "index.ts"));
  expect((await refusal(() => linked.start())).message).toContain("outside of its folder");
  await using folder = await nodejsPlugin({ files: { "folder/x.ts": "" }, manifest: { entry: "folder" } });
  expect((await refusal(() => folder.start())).message).toBe('Plugin "p" has an entry "folder" that is no file');
  expect(await refusal(() => nodejsPlugin({ files: {}, manifest: { entry: undefined } }))).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" names no entry, which is its JavaScript or TypeScript file',
    data: start,
  });
});

test("a nodejs plugin sees its own variables, a home of its own and nothing of the server's", async () => {
  const env = { API_KEY: "k", NODE_ENV: "test", BUN_OPTIONS: "--smol", LD_PRELOAD: "/x.so", NODE_OPTIONS: "-r x" };
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": "export const env = () => ({ ...process.env }); export const cwd = () => process.cwd();",
      ".env": "FROM_FILE=1\n",
      "bunfig.toml": 'preload = ["./evil.ts"]\n',
      "evil.ts": "console.log('preloaded');",
    },
    host: { env },
  });
  const process = await plugin.start();
  const { privateFolder } = plugin;
  const seen = await process.call(callOf("env"));
  expect(seen).toEqual({ API_KEY: "k", NODE_ENV: "test", HOME: privateFolder, TMPDIR: privateFolder });
  expect(await process.call(callOf("cwd"))).toBe(plugin.folder);
  expect(plugin.entries.map(({ message, fields }) => [message, fields])).toEqual([
    ["plugin does not get variables that steer its runtime", { names: ["BUN_OPTIONS", "LD_PRELOAD", "NODE_OPTIONS"] }],
  ]);
});

test("a nodejs plugin may write into its private folder, which outlives it", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `export const write = async () => {
  await Bun.write(process.env.HOME + "/kept.txt", "kept");
  return (await import("node:os")).tmpdir();
};`,
    },
  });
  {
    await using process = await plugin.start();
    expect(await process.call(callOf("write"))).toBe(plugin.privateFolder);
  }
  expect(await Bun.file(join(plugin.privateFolder, "kept.txt")).text()).toBe("kept");
});

test("the nodejs runtime lays its own files down once, not to be written, and mends them", async () => {
  await using plugin = await nodejsPlugin({ files: { "index.ts": toolsEntry("a: () => 1") } });
  await (await plugin.start())[Symbol.asyncDispose]();
  const files = [...new Bun.Glob("nodejs-*/**/*").scanSync({ cwd: plugin.runFolder })].sort();
  const folder = files[0]!.split("/")[0]!;
  expect(files).toContain(`${folder}/plugins/sdk/index.js`);
  expect(files.every((file) => file.startsWith(folder))).toBe(true);
  expect(new Set(files.map((file) => statSync(join(plugin.runFolder, file)).mode & 0o777))).toEqual(new Set([0o444]));
  await using other = await nodejsPlugin({ files: { "index.ts": toolsEntry("a: () => 1") } });
  await other.start();
  expect(existsSync(join(other.runFolder, folder))).toBe(true);
});

test("what a nodejs plugin prints is in the log, and never in the protocol", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { writeSync } from "node:fs";
console.log("read");
export async function print() {
  console.log("log", { a: 1 });
  console.info("%s", "info"); console.warn("warn"); console.error("error"); console.debug("debug");
  console.table([{ a: 1 }]);
  console.dir({ b: 2 });
  console.group("group"); console.log("inside"); console.groupEnd();
  console.count(); console.count();
  process.stdout.write("stdout\\n");
  process.stderr.write("stderr\\n");
  await Bun.write(Bun.stdout, "bun stdout\\n");
  writeSync(1, "half a line");
  return "answer";
}
export const stdin = async () => { let n = 0; for await (const _ of process.stdin) n++; return n; };
`,
    },
  });
  const process = await plugin.start();
  expect(await process.call(callOf("print"))).toBe("answer");
  expect(await process.call(callOf("stdin"))).toBe(0);
  await until(() => plugin.printed().includes("half a line"));
  const printed = plugin.printed();
  const lines = ["read", "info", "warn", "error", "debug", "group", "stdout", "stderr", "bun stdout", "default: 2"];
  for (const line of lines) expect(printed).toContain(line);
  expect(printed.join("\n")).toMatch(/log \{\n\s+a: 1,\n\}[\s\S]*┌[\s\S]*b: 2[\s\S]* {2}inside/);
});

test("a nodejs plugin tells what nobody asked for, and is told to stop before it ends", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer, notify } from "@aleph/plugin-sdk";
const server = createServer({ name: "p", tools: { tell: () => { server.notify("channel.message", { text: "hi" }); notify("bare"); } },
  stop: async () => { await Bun.sleep(5); console.log("stopping"); } });
server.start();
`,
    },
  });
  const process = await plugin.start();
  expect(await process.call(callOf("tell"))).toBe(null);
  expect(plugin.notes).toEqual([
    ["channel.message", { text: "hi" }],
    ["bare", null],
  ]);
  await process[Symbol.asyncDispose]();
  expect(plugin.printed()).toEqual(["stopping"]);
  expect(await process.exited).toEqual({ reason: "stopped" });
  expect((await refusal(() => process.call(callOf("tell")))).data).toEqual({ plugin: "p", code: "crashed" });
});

test("the nodejs runtime gives a plugin's prompt with its scope", async () => {
  const { createNodejsRuntime } = await import("../../../src/plugin/runtimes/nodejs.ts");
  const { BARE_MANIFEST } = await import("../../support/plugins.ts");
  const runtime = createNodejsRuntime({
    sandbox: () => Promise.reject(new Error("not needed")),
    runFolder: "/nowhere",
  });
  const manifest = { ...BARE_MANIFEST, kind: "nodejs", entry: "index.ts" };
  const host = { readFile: async (path: string) => `text of ${path}` };
  const promptsOf = async (scope: "system" | "tool" | "disabled") =>
    (await runtime.open({ ...manifest, prompt: { file: "S.md", scope } }, host)).prompts;
  expect(await promptsOf("tool")).toEqual([{ scope: "tool", text: "text of S.md" }]);
  expect(await promptsOf("disabled")).toEqual([]);
  expect((await runtime.open(manifest, host)).prompts).toEqual([]);
});
