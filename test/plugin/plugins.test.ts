import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runtime } from "../../src/sdk/runtime.ts";
import { refusal } from "../support/config.ts";
import { codeOf, inProcess, pluginHome } from "../support/plugin-home.ts";
import { BARE_MANIFEST, manifestOf } from "../support/plugins.ts";
import { until } from "../support/until.ts";

const { signal } = new AbortController();

test("Plugins has none where there is no folder, and finds those that come later", async () => {
  await using t = await pluginHome();
  expect([await t.plugins.list(), await t.plugins.current()]).toEqual([[], []]);
  const path = await t.write("style", { prompt: "Tabs." });
  expect(await t.plugins.get("style")).toEqual({
    id: "style",
    source: "user",
    folder: "style",
    path,
    manifest: { ...BARE_MANIFEST, prompt: { file: "SKILL.md", scope: "system" } },
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    status: "running",
    error: undefined,
    awaits: undefined,
    decision: undefined,
    serving: { version: "1.0.0", sha256: expect.any(String) },
    process: undefined,
  });
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(t.takeTopics()).toEqual(["plugin.loaded style"]);
});

test("Plugins reads a plugin again when one of its files changed, and only then", async () => {
  await using t = await pluginHome();
  const path = await t.write("style", { prompt: "Tabs." });
  await t.write("other", { prompt: "Other." });
  expect(await t.prompts()).toEqual(["Other.", "Tabs."]);
  const before = await t.plugins.current();
  expect(await t.prompts()).toEqual(["Other.", "Tabs."]);
  expect(await t.plugins.current()).toBe(before);
  // What was there at the start needs no event.
  expect(t.takeTopics()).toEqual([]);
  writeFileSync(join(path, "SKILL.md"), "Two blanks.");
  expect(await t.prompts()).toEqual(["Other.", "Two blanks."]);
  writeFileSync(join(path, "aleph_plugin.toml"), manifestOf({ id: "style", scope: "disabled" }));
  expect(await t.prompts()).toEqual(["Other."]);
  rmSync(join(t.folder, "other"), { recursive: true });
  expect(await t.states()).toEqual([["style", "running"]]);
  expect(t.takeTopics()).toEqual(["plugin.loaded style", "plugin.loaded style", "plugin.unloaded other"]);
});

test("Plugins takes up a plugin whose fault was mended, and does not name the same fault twice", async () => {
  await using t = await pluginHome();
  const path = await t.write("style", {});
  expect(await t.prompts()).toEqual([]);
  expect(await t.states()).toEqual([["style", "error", 'File "SKILL.md" does not exist']]);
  expect(t.takeTopics()).toEqual(["plugin.error style"]);
  writeFileSync(join(path, "SKILL.md"), "Tabs.");
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(await t.states()).toEqual([["style", "running"]]);
  expect(t.takeTopics()).toEqual(["plugin.loaded style"]);
});

test("Plugins shows why a plugin cannot be used, and uses the others", async () => {
  await using t = await pluginHome();
  await t.write("bad", { manifest: manifestOf({ id: "bad" }).replace("version", "versoin") });
  await t.write("good", { prompt: "Good." });
  await t.write("later", {
    manifest: `${manifestOf({ id: "later" }).replace("[prompt]", 'aleph = ">=0.2"\n[prompt]')}`,
  });
  await t.write("now", { manifest: codeOf({ id: "now", more: 'aleph = ">=0.1"' }) });
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
    ["empty", "error", 'File "aleph_plugin.toml" does not exist'],
    ["good", "running"],
    ["later", "error", 'Plugin "later" is made for Aleph >=0.2, and this is 0.1.0'],
    ["link", "error", "The plugin's folder is a link, which is not followed"],
    ["now", "pending"],
    ["outside", "error", 'File "SKILL.md" is a link, which a plugin may not have'],
    ["tooled", "error", 'Prompt scope "tool" goes with tools, and a static plugin has none'],
  ]);
});

test("Plugins gives an id to one folder, names both to the other, and follows changes", async () => {
  await using t = await pluginHome();
  await t.write("a", { id: "style", prompt: "First." });
  await t.write("b", { id: "style", prompt: "Second." });
  const conflict = (owner: string, other: string) =>
    `Plugin id "style" belongs to the plugin in folder "${join(t.folder, owner)}", so the one in "${join(t.folder, other)}" cannot have it`;
  expect(await t.states()).toEqual([
    ["style", "running"],
    ["style", "error", conflict("a", "b")],
  ]);
  expect([await t.prompts(), (await t.plugins.get("style")).folder]).toEqual([["First."], "a"]);
  rmSync(join(t.folder, "a"), { recursive: true });
  expect(await t.prompts()).toEqual(["Second."]);
  // Who has it keeps it.
  await t.write("a", { id: "style", prompt: "First again." });
  expect(await t.states()).toEqual([
    ["style", "error", conflict("b", "a")],
    ["style", "running"],
  ]);
});

test("Plugins stops all of them while the config switches extensions off", async () => {
  await using t = await pluginHome();
  await t.write("style", { prompt: "Tabs." });
  expect(await t.prompts()).toEqual(["Tabs."]);
  t.config.extensions = { ...t.config.extensions, enabled: false };
  expect(await t.prompts()).toEqual([]);
  expect(await t.states()).toEqual([["style", "stopped"]]);
  t.config.extensions = { ...t.config.extensions, enabled: true };
  expect(await t.prompts()).toEqual(["Tabs."]);
});

test("Plugins stops those of a kind that the config switches off", async () => {
  await using t = await pluginHome();
  const { runtimes } = t.config.extensions;
  await t.write("code", { manifest: codeOf() });
  t.config.extensions = {
    ...t.config.extensions,
    runtimes: { ...runtimes, nodejs: { ...runtimes.nodejs, enabled: false } },
  };
  const message = 'Plugins of kind "nodejs" are switched off by extensions.runtimes.nodejs.enabled';
  expect(await t.states()).toEqual([["code", "stopped", message]]);
  t.config.extensions = {
    ...t.config.extensions,
    runtimes: { ...runtimes, nodejs: { ...runtimes.nodejs, node_version: "99" } },
  };
  expect(await t.states()).toEqual([["code", "error", expect.stringContaining("node_version is 99, and this Aleph")]]);
});

test("Plugins reloads one that did not change when it is asked to, and refuses one that is not there", async () => {
  await using t = await pluginHome();
  await t.write("style", { prompt: "Tabs." });
  expect((await t.plugins.reload("style")).status).toBe("running");
  expect(t.takeTopics()).toEqual(["plugin.loaded style"]);
  expect(await refusal(() => t.plugins.reload("stile"))).toEqual({
    reason: "not_found",
    message: 'No plugin "stile"',
    data: { hint: 'Did you mean "style"?' },
  });
  expect((await refusal(() => t.plugins.get("nothing"))).data).toEqual({ hint: "plugins.list shows those that exist" });
});

test("Plugins closes what it opened: after a new one took its place, when it is gone, and at the end", async () => {
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
  const t = await pluginHome({ runtimes: { static: async () => runtime } });
  await t.write("a", {});
  await t.write("b", {});
  await Promise.all([t.prompts(), t.plugins.list(), t.prompts()]);
  expect(seen.splice(0)).toEqual(["open a", "open b"]);
  await t.plugins.reload("a");
  await until(() => seen.length === 2);
  expect(seen.splice(0)).toEqual(["open a", "close a"]);
  rmSync(join(t.folder, "b"), { recursive: true });
  expect(await t.states()).toEqual([["a", "running"]]);
  await until(() => seen.length === 1);
  expect(seen.splice(0)).toEqual(["close b"]);
  await until(() => t.logged.some(({ message }) => message === "plugin could not be closed"));
  await t[Symbol.asyncDispose]();
  expect(seen).toEqual(["close a"]);
});

test("Plugins stays as it is while its folder cannot be read", async () => {
  await using t = await pluginHome();
  await t.write("style", { prompt: "Tabs." });
  await t.prompts();
  renameSync(t.folder, `${t.folder}-away`);
  writeFileSync(t.folder, "no folder");
  expect(await t.prompts()).toEqual(["Tabs."]);
  expect(t.logged.filter(({ level }) => level === "error").map(({ message }) => message)).toContain(
    "plugin folder cannot be read",
  );
  rmSync(t.folder);
  renameSync(`${t.folder}-away`, t.folder);
  expect(await t.prompts()).toEqual(["Tabs."]);
});

test("Plugins.current starts a plugin's code at its first call, and anew after it ended", async () => {
  const { started, runtimes } = inProcess();
  await using t = await pluginHome({ runtimes });
  await t.write("code", { manifest: codeOf({ more: '[permissions]\nenv = ["KEY", "NONE"]' }) });
  expect((await t.plugins.approve("code", { by: "owner" })).status).toBe("loaded");
  const [plugin] = await t.plugins.current();
  expect([started.length, plugin!.env]).toEqual([0, { KEY: "v" }]);
  const exits: string[] = [];
  const notes: unknown[] = [];
  using _exit = plugin!.onExit((reason) => exits.push(reason));
  using _note = plugin!.onNotify((topic, data) => notes.push([topic, data]));
  const answer = { version: "1.0.0", args: 1 };
  expect(await plugin!.call({ handler: "a", args: 1, signal })).toEqual(answer);
  expect(await Array.fromAsync(plugin!.stream({ handler: "s", args: [1, 2], signal }))).toEqual([1, 2]);
  started[0]!.host.notify("message", { text: "hi" });
  expect([started.length, notes]).toEqual([1, [["message", { text: "hi" }]]]);
  expect(await t.plugins.get("code")).toMatchObject({ status: "running", process: { pid: 1, sandbox: "kernel" } });
  started[0]!.end("exited with code 1");
  await until(() => exits.length > 0);
  expect(exits).toEqual(["exited with code 1"]);
  const error = { message: 'Plugin "code" ended: exited with code 1' };
  expect(await t.plugins.get("code")).toMatchObject({ status: "error", error, process: undefined });
  expect(await plugin!.call({ handler: "a", args: 1, signal })).toEqual(answer);
  expect([started.length, (await t.plugins.get("code")).status]).toEqual([2, "running"]);
});

test("Plugins.start starts the code of those that want to be with the server", async () => {
  const { started, runtimes } = inProcess();
  await using t = await pluginHome({ runtimes });
  await t.write("boot", { manifest: codeOf({ id: "boot", more: 'start = "boot"' }) });
  await t.write("use", { manifest: codeOf({ id: "use" }) });
  for (const id of ["boot", "use"]) await t.plugins.approve(id, { by: "owner" });
  expect(started).toEqual([]);
  await t.plugins.start();
  await until(() => started.length > 0);
  expect(started.map(({ id }) => id)).toEqual(["boot"]);
});

test("Plugins.onChange tells when a plugin came, was replaced or went", async () => {
  await using t = await pluginHome();
  let changes = 0;
  using _ = t.plugins.onChange(() => void changes++);
  const path = await t.write("style", { prompt: "Tabs." });
  const [first] = await t.plugins.current();
  expect([(await t.plugins.current())[0] === first, changes]).toEqual([true, 1]);
  writeFileSync(join(path, "SKILL.md"), "Blanks.");
  await t.plugins.refresh();
  expect([(await t.plugins.current())[0] === first, changes]).toEqual([false, 2]);
  rmSync(path, { recursive: true });
  await t.plugins.refresh();
  expect([await t.plugins.current(), changes]).toEqual([[], 3]);
});

test("Plugins lets what went take calls until those who used it have let go", async () => {
  const { started, runtimes } = inProcess();
  await using t = await pluginHome({ runtimes });
  await t.write("code", { manifest: codeOf() });
  await t.plugins.approve("code", { by: "owner" });
  const [plugin] = await t.plugins.current();
  await plugin!.call({ handler: "start", args: null, signal });
  const seen: unknown[] = [];
  const letGo = Promise.withResolvers<void>();
  using _ = t.plugins.onChange(async () => {
    expect(await t.plugins.current()).toEqual([]);
    seen.push(await plugin!.call({ handler: "stop", args: null, signal }));
    await letGo.promise;
  });
  await t.plugins.disable("code");
  await until(() => seen.length === 1);
  expect([seen, started.length, started[0]!.isEnded]).toEqual([[{ version: "1.0.0", args: null }], 1, false]);
  letGo.resolve();
  await until(() => started[0]!.isEnded);
  expect(await refusal(() => plugin!.call({ handler: "x", args: null, signal }) as Promise<never>)).toMatchObject({
    reason: "plugin_error",
    message: 'Plugin "code" is not in use any more',
  });
});
