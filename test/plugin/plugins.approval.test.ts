import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { codeOf, inProcess, pluginHome } from "../support/plugin-home.ts";
import { until } from "../support/until.ts";

const { signal } = new AbortController();
const BY = { by: "owner" };
const NETWORK = (...hosts: string[]) =>
  `[permissions]\nnetwork = [${hosts.map((host) => `"connect:https://${host}"`).join(", ")}]\n`;

/** A plugin with code, approved; `change` writes another version of it. */
async function approved(more = "", options: Parameters<typeof pluginHome>[0] = {}) {
  const { started, faults, runtimes } = inProcess();
  const t = await pluginHome({ runtimes, ...options });
  const path = await t.write("code", { manifest: codeOf({ more }) });
  await t.plugins.approve("code", BY);
  const change = (version: string, now = more) =>
    writeFileSync(join(path, "aleph_plugin.toml"), codeOf({ version, more: now }));
  const call = async () => {
    const [plugin] = await t.plugins.current();
    return (await plugin!.call({ handler: "h", args: null, signal })) as { version: string };
  };
  return { ...t, path, started, faults, change, call, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() };
}

test("Plugins lets code wait for its approval, and what has none only when it asks for something", async () => {
  const { runtimes } = inProcess();
  await using t = await pluginHome({ runtimes });
  await t.write("code", { manifest: codeOf() });
  await t.write("style", { prompt: "Tabs." });
  await t.write("wants", {
    manifest:
      '[plugin]\nid = "wants"\nname = "W"\nversion = "1.0.0"\ndescription = "d"\nkind = "static"\n[permissions]\nenv = ["KEY"]',
  });
  expect(await t.states()).toEqual([
    ["code", "pending"],
    ["style", "running"],
    ["wants", "pending"],
  ]);
  expect((await t.plugins.current()).map(({ manifest }) => manifest.id)).toEqual(["style"]);
  const { awaits, sha256 } = await t.plugins.get("code");
  expect(awaits).toBe("approval");
  expect((await t.plugins.approve("code", { by: "ann", sha256: sha256! })).decision).toMatchObject({
    folder: join(t.folder, "code"),
    enabled: true,
    development: false,
    approval: { sha256, by: "ann", grant: { network: [], filesystem: [], env: [], routes: [] } },
  });
  expect(await t.states()).toEqual([
    ["code", "loaded"],
    ["style", "running"],
    ["wants", "pending"],
  ]);
  // Switching on approves nothing.
  expect((await t.plugins.enable("wants")).status).toBe("pending");
});

test("Plugins approves the files that were shown and no others", async () => {
  await using t = await pluginHome();
  await t.write("code", { manifest: codeOf() });
  const { sha256 } = await t.plugins.get("code");
  await Bun.write(join(t.folder, "code", "index.js"), "other");
  expect(await refusal(() => t.plugins.approve("code", { ...BY, sha256: sha256! }))).toEqual({
    reason: "conflict",
    message: 'The files of plugin "code" changed since they were shown',
    data: { hint: "Look at what it asks for again, and approve that" },
  });
  expect((await t.plugins.get("code")).status).toBe("pending");
});

test("Plugins approves nothing that cannot be used", async () => {
  await using t = await pluginHome();
  await t.write("bad", { manifest: "[plugin]" });
  await t.write("later", { manifest: codeOf({ id: "later", more: 'aleph = ">=9"' }) });
  await t.write("secret", {
    manifest: codeOf({ id: "secret", more: `[permissions]\nfilesystem = ["read:${t.home}/config.toml"]` }),
  });
  await t.write("tool", {
    manifest: codeOf({ id: "tool", more: '[[tools]]\nname = "read"\ndescription = "d"\nhandler = "h"' }),
  });
  const refused = async (id: string) => (await refusal(() => t.plugins.approve(id, BY))).message;
  expect(await refused("bad")).toStartWith("aleph_plugin.toml is not valid");
  expect(await refused("later")).toBe('Plugin "later" is made for Aleph >=9, and this is 0.1.0');
  expect(await refused("secret")).toContain("would open what is Aleph's own");
  expect(await refused("tool")).toBe('Tool "read" of plugin "tool" has the name of a tool of Aleph');
  expect(await refused("none")).toBe('No plugin "none"');
});

test("Plugins refuses the name of a tool that another plugin has, and names both", async () => {
  const { runtimes } = inProcess();
  await using t = await pluginHome({ runtimes });
  const more = '[[tools]]\nname = "weather"\ndescription = "d"\nhandler = "h"';
  await t.write("b", { manifest: codeOf({ id: "b", more }) });
  await t.write("a", { manifest: codeOf({ id: "a", more }) });
  await t.plugins.approve("b", BY);
  expect(await refusal(() => t.plugins.approve("a", BY))).toEqual({
    reason: "conflict",
    message: 'Tool "weather" of plugin "a" has the name of a tool of plugin "b"',
    data: { hint: "Change the name of one, or disable a plugin" },
  });
  await t.plugins.disable("b");
  expect((await t.plugins.approve("a", BY)).status).toBe("loaded");
  // Switched on again, it comes too late.
  expect(await t.plugins.enable("b")).toMatchObject({
    status: "error",
    error: { message: 'Tool "weather" of plugin "b" has the name of a tool of plugin "a"' },
  });
});

test.each([
  ["changed files", "content", ""],
  ["wider permissions", "permissions", NETWORK("example.com", "other.example")],
] as const)("Plugins goes on with the approved version while %s wait", async (_, awaits, more) => {
  await using t = await approved(NETWORK("example.com"));
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  t.change("2.0.0", more === "" ? NETWORK("example.com") : more);
  const waiting = await t.plugins.get("code");
  expect(waiting).toMatchObject({
    status: "pending",
    awaits,
    serving: { version: "1.0.0" },
    manifest: { version: "2.0.0" },
  });
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  // Also when it has to be started again, from the copy that was approved.
  t.started[0]!.end("crashed");
  await until(async () => (await t.plugins.get("code")).process === undefined);
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  const folder = t.started[1]!.host.folder;
  expect(readFileSync(join(folder, "aleph_plugin.toml"), "utf8")).toContain('version = "1.0.0"');
  expect(folder).toStartWith(join(realpathSync(t.home), "run", "approved", "code"));

  expect(await t.plugins.approve("code", { ...BY, sha256: waiting.sha256! })).toMatchObject({
    status: "running",
    serving: { version: "2.0.0" },
  });
  expect(await t.call()).toMatchObject({ version: "2.0.0" });
  // Nothing of the old one stays.
  await until(() => t.started[1]!.isEnded && readdirSync(join(t.home, "run", "approved", "code")).length === 1);
});

test("Plugins takes narrower permissions as changed files, no more", async () => {
  await using t = await approved(NETWORK("example.com", "other.example"));
  t.change("2.0.0", NETWORK("example.com"));
  expect((await t.plugins.get("code")).awaits).toBe("content");
});

test("Plugins remembers approvals over a restart, and serves the approved version then", async () => {
  await using home = await testFolder();
  {
    await using t = await approved("", { home: home.path });
    expect(await t.call()).toMatchObject({ version: "1.0.0" });
    t.change("2.0.0");
  }
  const { runtimes } = inProcess();
  await using t = await pluginHome({ home: home.path, runtimes });
  const [plugin] = await t.plugins.current();
  expect(await plugin!.call({ handler: "h", args: null, signal })).toMatchObject({ version: "1.0.0" });
  expect(await t.plugins.get("code")).toMatchObject({
    status: "pending",
    awaits: "content",
    serving: { version: "1.0.0" },
  });
});

test("Plugins refuses an approved copy that somebody changed, and makes it anew when asked", async () => {
  await using home = await testFolder();
  {
    await using t = await approved("", { home: home.path });
    await t.call();
  }
  const { runtimes, started } = inProcess();
  await using t = await pluginHome({ home: home.path, runtimes });
  const [copy] = readdirSync(join(t.home, "run", "approved", "code"));
  const file = join(t.home, "run", "approved", "code", copy!, "evil.js");
  writeFileSync(file, "evil");
  const [plugin] = await t.plugins.current();
  const refused = await refusal(() => plugin!.call({ handler: "h", args: null, signal }) as Promise<never>);
  expect(refused).toMatchObject({ reason: "conflict", message: 'The approved copy of plugin "code" was changed' });
  expect(started).toEqual([]);
  await t.plugins.reload("code");
  const [again] = await t.plugins.current();
  expect(await again!.call({ handler: "h", args: null, signal })).toMatchObject({ version: "1.0.0" });
  expect(existsSync(file)).toBe(false);
});

test("Plugins approves a plugin in its folder; elsewhere it is another", async () => {
  await using t = await approved();
  rmSync(t.path, { recursive: true });
  await t.write("moved", { manifest: codeOf() });
  expect(await t.states()).toEqual([["code", "pending"]]);
});

test("Plugins takes changed files of a plugin in development at once, wider permissions not", async () => {
  await using t = await approved(NETWORK("example.com"));
  expect((await t.plugins.develop("code", true)).decision?.development).toBe(true);
  await t.call();
  t.change("2.0.0");
  await t.plugins.refresh();
  await until(async () => (await t.call()).version === "2.0.0");
  t.change("3.0.0", NETWORK("example.com", "other.example"));
  expect(await t.plugins.get("code")).toMatchObject({
    status: "pending",
    awaits: "permissions",
    serving: { version: "2.0.0" },
  });
  t.change("2.0.0");
  expect((await t.plugins.get("code")).status).not.toBe("pending");
  // Out of development, what was not approved waits.
  expect(await t.plugins.develop("code", false)).toMatchObject({
    status: "pending",
    awaits: "content",
    serving: { version: "1.0.0" },
  });
});

test("Plugins replaces code that runs when the new version runs, and calls in between reach one or the other", async () => {
  await using t = await approved();
  await t.plugins.develop("code", true);
  const [old] = await t.plugins.current();
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  const mayStart = Promise.withResolvers<void>();
  t.faults.set("2.0.0", mayStart.promise);
  t.change("2.0.0");
  await t.plugins.refresh();
  expect(await t.plugins.get("code")).toMatchObject({ serving: { version: "1.0.0" } });
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  mayStart.resolve();
  await until(async () => (await t.plugins.get("code")).serving?.version === "2.0.0");
  expect(await t.call()).toMatchObject({ version: "2.0.0" });
  await until(() => t.started[0]!.isEnded);
  // Who still holds the old one is not cut off.
  expect(await old!.call({ handler: "h", args: null, signal })).toMatchObject({ version: "2.0.0" });
  expect(t.started.length).toBe(2);
});

test("Plugins keeps the old version when the new one cannot be started, until that is mended", async () => {
  await using t = await approved();
  await t.plugins.develop("code", true);
  await t.call();
  t.faults.set("2.0.0", new AlephError("plugin_error", "Broken"));
  t.change("2.0.0");
  await t.plugins.refresh();
  await until(async () => (await t.plugins.get("code")).status === "error");
  expect(await t.plugins.get("code")).toMatchObject({ error: { message: "Broken" }, serving: { version: "1.0.0" } });
  expect([(await t.call()).version, t.started.length]).toEqual(["1.0.0", 1]);
  t.change("1.0.0");
  expect(await t.plugins.get("code")).toMatchObject({ status: "running", error: undefined });
  // A manifest that cannot be read is no reason to stop either.
  writeFileSync(join(t.path, "aleph_plugin.toml"), "[plugin");
  expect(await t.plugins.get("code")).toMatchObject({ id: "code", status: "error", serving: { version: "1.0.0" } });
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
  t.faults.delete("2.0.0");
  t.change("2.0.0");
  await t.plugins.refresh();
  await until(async () => (await t.call()).version === "2.0.0");
});

test("Plugins.reload starts code anew that failed too often, and code that runs", async () => {
  await using t = await approved();
  await t.call();
  expect(await t.plugins.reload("code")).toMatchObject({ status: "running" });
  await t.call();
  await until(() => t.started[0]!.isEnded);
  expect(t.started.map(({ isEnded }) => isEnded)).toEqual([true, false]);
});

test("Plugins.disable ends what runs and keeps what was approved", async () => {
  await using t = await approved();
  await t.call();
  expect((await t.plugins.disable("code")).status).toBe("disabled");
  expect(await t.plugins.current()).toEqual([]);
  await until(() => t.started[0]!.isEnded);
  expect((await t.plugins.enable("code")).status).toBe("loaded");
  expect(await t.call()).toMatchObject({ version: "1.0.0" });
});

test("Plugins.forget leaves nothing of a plugin", async () => {
  await using t = await approved();
  await t.call();
  const kept = t.started[0]!.host.privateFolder;
  t.started[0]!.host.denied("network", "https://example.com");
  expect([existsSync(kept), t.plugins.denials.list("code").length]).toEqual([true, 1]);
  await t.plugins.forget("code");
  expect([existsSync(kept), existsSync(join(t.home, "run", "approved", "code")), t.started[0]!.isEnded]).toEqual([
    false,
    false,
    true,
  ]);
  expect([t.plugins.denials.list("code"), t.plugins.logs.tail("code", 10)]).toEqual([[], []]);
  expect(await t.states()).toEqual([["code", "pending"]]);
});

test("Plugins leaves plugins of the working folder alone until that is trusted", async () => {
  await using t = await pluginHome();
  await Bun.write(join(t.work, "plugins", "style", "aleph_plugin.toml"), "[plugin");
  const path = join(t.work, "plugins");
  try {
    expect(await t.states()).toEqual([]);
    expect(t.plugins.folders).toEqual([{ source: "project", path, isTrusted: false }]);
    expect(await t.plugins.trustFolder(t.work, true)).toEqual({ path: t.work });
    expect((await t.states()).map(([id, status]) => [id, status])).toEqual([["style", "error"]]);
    expect(t.plugins.folders).toContainEqual({ source: "project", path, isTrusted: true });
    await t.plugins.trustFolder(t.work, false);
    expect(await t.states()).toEqual([]);
    await t.plugins.trustFolder(path, true);
    expect(await t.states()).toHaveLength(1);
    expect(await refusal(() => t.plugins.trustFolder(join(t.work, "none"), true))).toMatchObject({
      reason: "not_found",
    });
  } finally {
    rmSync(t.work, { recursive: true });
  }
});

test("Plugins looks in the folders of search_paths too; one that is not absolute needs trust", async () => {
  await using t = await pluginHome();
  await using other = await testFolder();
  const person = join(t.home, "person", "more");
  mkdirSync(person, { recursive: true });
  await Bun.write(join(other.path, "a", "aleph_plugin.toml"), "[plugin");
  await Bun.write(join(person, "b", "aleph_plugin.toml"), "[plugin");
  await Bun.write(join(t.work, "own", "c", "aleph_plugin.toml"), "[plugin");
  try {
    t.config.extensions = { ...t.config.extensions, search_paths: [other.path, "~/more", "./own"] };
    expect((await t.plugins.list()).map(({ id, source }) => [id, source])).toEqual([
      ["a", "path"],
      ["b", "path"],
    ]);
    await t.plugins.trustFolder(join(t.work, "own"), true);
    expect((await t.plugins.list()).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  } finally {
    rmSync(t.work, { recursive: true });
  }
});

test("Plugins counts what a plugin tried and might not, and tells of it", async () => {
  let now = 1000;
  await using t = await approved("", { now: () => now });
  await t.call();
  const { denied } = t.started[0]!.host;
  denied("network", "https://evil.example:443");
  now = 2000;
  denied("network", "https://evil.example:443");
  denied("filesystem", "/etc/passwd");
  expect(t.plugins.denials.list("code")).toEqual([
    { kind: "filesystem", target: "/etc/passwd", count: 1, firstAt: 2000, lastAt: 2000 },
    { kind: "network", target: "https://evil.example:443", count: 2, firstAt: 1000, lastAt: 2000 },
  ]);
  expect(t.events.filter(({ topic }) => topic === "plugin.denied").map(({ data }) => data)).toEqual([
    { plugin_id: "code", kind: "network", target: "https://evil.example:443" },
    { plugin_id: "code", kind: "network", target: "https://evil.example:443" },
    { plugin_id: "code", kind: "filesystem", target: "/etc/passwd" },
  ]);
});

test("Plugins keeps the last lines of each plugin", async () => {
  await using t = await approved();
  await t.call();
  t.started[0]!.host.log.info("hello", { n: 1 });
  expect(t.plugins.logs.tail("code", 1)).toMatchObject([{ level: "info", message: "hello", fields: { n: 1 } }]);
  expect(t.logged.at(-1)).toMatchObject({ message: "hello", fields: { plugin: "code", n: 1 } });
});

test("Plugins lets what was installed wait, even when it asks for nothing", async () => {
  await using t = await pluginHome();
  await t.write("style", { prompt: "Tabs." });
  const { Trust } = await import("../../src/plugin/trust.ts");
  await new Trust({ store: t.store, now: Date.now }).decide("style", join(t.folder, "style"), { installedFrom: "x" });
  expect(await t.states()).toEqual([["style", "pending"]]);
  expect((await t.plugins.approve("style", BY)).status).toBe("running");
  expect(await t.prompts()).toEqual(["Tabs."]);
});
