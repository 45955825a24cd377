import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { Plugins } from "../../src/plugin/plugins.ts";
import { closedDoor } from "../../src/plugin/process-host.ts";
import { runtimes } from "../../src/plugin/runtimes/index.ts";
import { defineRuntime, type ProcessHost, type Runtime } from "../../src/sdk/runtime.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { BARE_MANIFEST, manifestOf, writePlugin } from "../support/plugins.ts";
import { until } from "../support/until.ts";

type Runtimes = Readonly<Record<string, () => Promise<Runtime<string>>>>;

async function setUp({ runtimes: kinds = runtimes }: { runtimes?: Runtimes } = {}) {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await testFolder());
  const folder = join(home.path, "plugins");
  const config = { extensions: { ...DEFAULTS.extensions } };
  const topics: string[] = [];
  const { log, entries } = testLog();
  const bus = {
    publish: (topic: string, data: unknown) => topics.push(`${topic} ${(data as { plugin_id: string }).plugin_id}`),
  };
  const plugins = stack.use(
    new Plugins({
      folder,
      runtimes: kinds,
      config: () => config,
      bus,
      log,
      host: { run: join(home.path, "run"), config: () => config, env: { KEY: "v" }, log, network: () => closedDoor },
    }),
  );
  const owned = stack.move();
  return {
    plugins,
    folder,
    config,
    topics,
    logged: entries,
    write: (name: string, files: Parameters<typeof writePlugin>[2]) => writePlugin(folder, name, files),
    prompts: (message = "Hello") => plugins.prompts(() => message),
    states: async () =>
      (await plugins.list()).map(({ id, status, error }) => [id, status, ...(error ? [error.message] : [])]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test("Plugins has none where there is no folder, and finds those that come later", async () => {
  await using t = await setUp();
  expect([await t.plugins.list(), await t.prompts()]).toEqual([[], []]);
  await t.write("style", { prompt: "Tabs." });
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(await t.plugins.get("style")).toEqual({
    id: "style",
    folder: "style",
    manifest: {
      ...BARE_MANIFEST,
      prompt: { file: "SKILL.md", scope: "system" },
    },
    status: "running",
    error: undefined,
  });
  expect(t.topics).toEqual(["plugin.loaded style"]);
});

test("Plugins gives prompts by the ids of the plugins, those of scope standalone only when called by name", async () => {
  await using t = await setUp();
  await t.write("1-last", { id: "zebra", prompt: "Z\n" });
  await t.write("2-first", { id: "ape", prompt: "\nA" });
  await t.write("3", { id: "called", scope: "standalone", prompt: "C" });
  await t.write("4", { id: "off", scope: "disabled", prompt: "never" });
  await t.write("5", { id: "blank", prompt: " \n" });
  const [usual, called] = [
    ["A", "Z"],
    ["A", "C", "Z"],
  ];
  for (const message of ["Hello", "", "called", "/calle", "/called-too", "Use /called", "//called"]) {
    expect([message, await t.prompts(message)]).toEqual([message, usual!]);
  }
  for (const message of ["/called", "/called do it", " /called\ndo it", "/called\tnow"]) {
    expect([message, await t.prompts(message)]).toEqual([message, called!]);
  }
});

test("Plugins reads a plugin again when one of its files changed, and only then", async () => {
  await using t = await setUp();
  const path = await t.write("style", { prompt: "Tabs." });
  await t.write("other", { prompt: "Other." });
  expect(await t.prompts()).toEqual(["Other.", "Tabs."]);
  await t.prompts();
  expect(t.topics).toEqual(["plugin.loaded other", "plugin.loaded style"]);
  writeFileSync(join(path, "SKILL.md"), "Two blanks.");
  expect(await t.prompts()).toEqual(["Other.", "Two blanks."]);
  writeFileSync(join(path, "aleph_plugin.toml"), manifestOf({ id: "style", scope: "disabled" }));
  expect(await t.prompts()).toEqual(["Other."]);
  rmSync(join(t.folder, "other"), { recursive: true });
  expect(await t.states()).toEqual([["style", "running"]]);
  expect(t.topics.slice(2)).toEqual(["plugin.loaded style", "plugin.loaded style"]);
});

test("Plugins takes up a plugin whose fault was mended, and does not name the same fault twice", async () => {
  await using t = await setUp();
  const path = await t.write("style", {});
  expect(await t.prompts()).toEqual([]);
  expect(await t.states()).toEqual([["style", "error", 'File "SKILL.md" does not exist']]);
  expect(t.topics).toEqual(["plugin.error style"]);
  writeFileSync(join(path, "SKILL.md"), "Tabs.");
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(await t.states()).toEqual([["style", "running"]]);
  expect(t.topics).toEqual(["plugin.error style", "plugin.loaded style"]);
});

test("Plugins shows why a plugin cannot be used, and uses the others", async () => {
  await using t = await setUp();
  await t.write("bad", { manifest: manifestOf({ id: "bad" }).replace("version", "versoin") });
  await t.write("code", { kind: "nodejs", prompt: "never" });
  await t.write("good", { prompt: "Good." });
  await t.write("tooled", { scope: "tool", prompt: "never" });
  mkdirSync(join(t.folder, "empty"));
  symlinkSync("good", join(t.folder, "link"));
  const outside = await t.write("outside", { prompt: "x" });
  renameSync(join(outside, "SKILL.md"), join(t.folder, "SKILL.md"));
  symlinkSync("../SKILL.md", join(outside, "SKILL.md"));
  expect(await t.prompts()).toEqual(["Good."]);
  expect(await t.states()).toEqual([
    [
      "bad",
      "error",
      'aleph_plugin.toml is not valid: line 4, plugin.versoin: unknown key; did you mean "version" (and 1 more)',
    ],
    ["code", "error", 'Plugins of kind "nodejs" cannot be run by this version'],
    ["empty", "error", 'File "aleph_plugin.toml" does not exist'],
    ["good", "running"],
    ["link", "error", "The plugin's folder is a link, which is not followed"],
    ["outside", "error", 'File "SKILL.md" leads through a link, which a plugin may not have'],
    ["tooled", "error", 'Prompt scope "tool" goes with tools, and a static plugin has none'],
  ]);
});

test("Plugins gives an id to the first folder that has it, names the owner to the others, and follows changes", async () => {
  await using t = await setUp();
  await t.write("a", { id: "style", prompt: "First." });
  await t.write("b", { id: "style", prompt: "Second." });
  const conflict = 'Plugin id "style" belongs to the plugin in folder "a"';
  expect(await t.states()).toEqual([
    ["style", "running"],
    ["style", "error", conflict],
  ]);
  expect([await t.prompts(), (await t.plugins.get("style")).folder]).toEqual([["First."], "a"]);
  expect(t.topics).toEqual(["plugin.loaded style", "plugin.error style"]);
  rmSync(join(t.folder, "a"), { recursive: true });
  expect(await t.prompts()).toEqual(["Second."]);
  await t.write("a", { id: "style", prompt: "First again." });
  expect(await t.prompts()).toEqual(["First again."]);
  expect(await t.states()).toEqual([
    ["style", "running"],
    ["style", "error", conflict],
  ]);
});

test("Plugins stops all of them while the config switches extensions off", async () => {
  await using t = await setUp();
  await t.write("style", { prompt: "Tabs." });
  await t.write("broken", {});
  expect(await t.prompts()).toEqual(["Tabs."]);
  t.config.extensions.enabled = false;
  expect(await t.prompts()).toEqual([]);
  expect(await t.states()).toEqual([
    ["broken", "error", 'File "SKILL.md" does not exist'],
    ["style", "stopped"],
  ]);
  t.config.extensions.enabled = true;
  expect(await t.prompts()).toEqual(["Tabs."]);
});

test("Plugins reloads one that did not change when it is asked to, and refuses one that is not there", async () => {
  await using t = await setUp();
  await t.write("style", { prompt: "Tabs." });
  expect((await t.plugins.reload("style")).status).toBe("running");
  expect(t.topics).toEqual(["plugin.loaded style", "plugin.loaded style"]);
  expect(await refusal(() => t.plugins.reload("stile"))).toEqual({
    reason: "not_found",
    message: 'No plugin "stile"',
    data: { hint: 'Did you mean "style"?' },
  });
  expect((await refusal(() => t.plugins.get("nothing"))).data).toEqual({
    hint: "plugins.list shows those that exist",
  });
});

test("Plugins closes what it opened: before it opens it anew, when it is gone, and at the end", async () => {
  const seen: string[] = [];
  const runtime: Runtime<string> = {
    kind: "static",
    async open({ id, description }) {
      seen.push(`open ${id}`);
      return {
        prompts: [{ scope: "system", text: description }],
        async [Symbol.asyncDispose]() {
          seen.push(`close ${id}`);
          if (id === "b") throw new Error("no");
        },
      };
    },
  };
  const t = await setUp({ runtimes: { static: async () => runtime } });
  await t.write("a", {});
  await t.write("b", {});
  await Promise.all([t.prompts(), t.plugins.list(), t.prompts()]);
  expect(seen.splice(0)).toEqual(["open a", "open b"]);
  await t.plugins.reload("a");
  expect(seen.splice(0)).toEqual(["close a", "open a"]);
  rmSync(join(t.folder, "b"), { recursive: true });
  expect(await t.states()).toEqual([["a", "running"]]);
  expect(seen.splice(0)).toEqual(["close b"]);
  expect(
    t.logged.filter(({ level }) => level === "error").map(({ message, fields }) => [message, fields.plugin]),
  ).toEqual([["plugin could not be closed", "b"]]);
  await t[Symbol.asyncDispose]();
  expect(seen).toEqual(["close a"]);
});

test("Plugins stays as it is while its folder cannot be read", async () => {
  await using t = await setUp();
  await t.write("style", { prompt: "Tabs." });
  await t.prompts();
  renameSync(t.folder, `${t.folder}.away`);
  writeFileSync(t.folder, "");
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(t.logged.at(-1)).toMatchObject({ level: "error", message: "plugin folder cannot be read" });
});

/** A runtime whose plugins run in this process: each handler answers with what it got. */
function echoRuntime() {
  const started: { kill: (reason: string) => void; host: ProcessHost }[] = [];
  const load = async () =>
    defineRuntime({
      kind: "nodejs",
      async open({ id }) {
        return {
          prompts: [],
          async start(host) {
            const exited = Promise.withResolvers<{ reason: string }>();
            started.push({ kill: (reason) => exited.resolve({ reason }), host });
            return {
              pid: 1,
              sandbox: "kernel",
              call: async ({ handler, args }) => ({ id, handler, args, env: host.env }),
              async *stream({ args }) {
                yield* args as unknown[];
              },
              exited: exited.promise,
              async [Symbol.asyncDispose]() {
                exited.resolve({ reason: "ended" });
              },
            };
          },
          async [Symbol.asyncDispose]() {},
        };
      },
    });
  return { started, runtimes: { ...runtimes, nodejs: load } };
}

const CODE = `[plugin]
id = "echo"
name = "Echo"
version = "1.0.0"
description = "For tests"
kind = "nodejs"
entry = "index.js"

[permissions]
env = ["KEY", "NONE"]
`;

test("Plugins.current starts a plugin's code at its first call, and anew after it ended", async () => {
  const { started, runtimes: kinds } = echoRuntime();
  await using t = await setUp({ runtimes: kinds });
  await t.write("echo", { manifest: CODE });
  const [plugin] = await t.plugins.current();
  expect(await t.plugins.current()).toEqual([plugin!]);
  expect([started.length, plugin!.env]).toEqual([0, { KEY: "v" }]);
  const exits: string[] = [];
  const notes: unknown[] = [];
  using _exit = plugin!.onExit((reason) => exits.push(reason));
  using _note = plugin!.onNotify((topic, data) => notes.push([topic, data]));
  const { signal } = new AbortController();
  const answer = { id: "echo", handler: "a", args: 1, env: { KEY: "v" } };
  expect(await plugin!.call({ handler: "a", args: 1, signal })).toEqual(answer);
  expect(await Array.fromAsync(plugin!.stream({ handler: "s", args: [1, 2], signal }))).toEqual([1, 2]);
  started[0]!.host.notify("message", { text: "hi" });
  expect([started.length, notes]).toEqual([1, [["message", { text: "hi" }]]]);
  started[0]!.kill("exited with code 1");
  await until(() => exits.length > 0);
  expect(exits).toEqual(["exited with code 1"]);
  expect(await plugin!.call({ handler: "a", args: 1, signal })).toEqual(answer);
  expect(started.length).toBe(2);
});

test("Plugins.onChange tells when a plugin came, was replaced or went", async () => {
  await using t = await setUp();
  let changes = 0;
  using _ = t.plugins.onChange(() => changes++);
  const path = await t.write("style", { prompt: "Tabs." });
  const [first] = await t.plugins.current();
  expect([(await t.plugins.current())[0] === first, changes]).toEqual([true, 1]);
  writeFileSync(join(path, "SKILL.md"), "Blanks.");
  expect([(await t.plugins.current())[0] === first, changes]).toEqual([false, 2]);
  rmSync(path, { recursive: true });
  expect([await t.plugins.current(), changes]).toEqual([[], 3]);
});
