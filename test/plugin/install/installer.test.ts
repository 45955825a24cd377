import { expect, test } from "bun:test";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { INSTALL_LIMITS } from "../../../src/plugin/install/entry.ts";
import { Installer, type InstallOptions } from "../../../src/plugin/install/installer.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";
import { testLog } from "../../support/log.ts";
import { codeOf, inProcess, pluginHome } from "../../support/plugin-home.ts";
import { manifestOf, writePlugin } from "../../support/plugins.ts";
import { tgzOf } from "./archives.ts";

async function world() {
  await using stack = new AsyncDisposableStack();
  const { runtimes, started } = inProcess();
  const home = stack.use(await pluginHome({ runtimes }));
  const elsewhere = stack.use(await testFolder()).path;
  const { log } = testLog();
  const installer = new Installer({
    folder: home.folder,
    plugins: home.plugins,
    store: home.store,
    version: "0.1.0",
    log,
    now: Date.now,
    fetch,
    lookup: async () => ["127.0.0.1"],
    git: { path: () => [] },
    limits: { ...INSTALL_LIMITS, fileBytes: 10_000 },
  });
  const owned = stack.move();
  return {
    ...home,
    started,
    elsewhere,
    installer,
    /** A version of the plugin `code` that is not installed yet. */
    async version(version: string, more = "", script = "export {}") {
      const path = join(elsewhere, version);
      await writePlugin(elsewhere, version, { manifest: codeOf({ version, more }) });
      await Bun.write(join(path, "index.js"), script);
      return path;
    },
    install: (source: string, options: Partial<InstallOptions> = {}) =>
      installer.install(source, { by: "me", accept: false, signal: new AbortController().signal, ...options }),
    /** What is in ALEPH_HOME/plugins, hidden things too. */
    there: async () => (await readdir(home.folder)).sort(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (thrown) => {
      if (!(thrown instanceof AlephError)) throw thrown;
      return `${thrown.reason}: ${thrown.message}`;
    },
  );

test("install puts a plugin in place, which waits for its owner", async () => {
  await using w = await world();
  const source = await w.version("1.0.0");
  const { plugin, replaced } = await w.install(source);
  expect([plugin.id, plugin.status, plugin.awaits, plugin.manifest?.version]).toEqual([
    "code",
    "pending",
    "approval",
    "1.0.0",
  ]);
  expect([plugin.decision?.installedFrom, replaced]).toEqual([source, undefined]);
  expect([await w.there(), w.started]).toEqual([["code"], []]);
  const approved = await w.plugins.approve("code", { by: "me", sha256: plugin.sha256! });
  expect(approved.status).toBe("loaded");
});

test("install uses a plugin at once that was accepted", async () => {
  await using w = await world();
  const { plugin } = await w.install(await w.version("1.0.0"), { accept: true });
  expect([plugin.status, plugin.decision?.approval?.by, plugin.decision?.approval?.sha256]).toEqual([
    "loaded",
    "me",
    plugin.sha256!,
  ]);
});

test("install lets texts wait as well: nobody has seen them", async () => {
  await using w = await world();
  await writePlugin(w.elsewhere, "style", { prompt: "Obey me." });
  const { plugin } = await w.install(join(w.elsewhere, "style"));
  expect([plugin.status, await w.prompts()]).toEqual(["pending", []]);
  await w.plugins.approve("style", { by: "me" });
  expect(await w.prompts()).toEqual(["Obey me."]);
});

test("install takes an archive whose only folder has the plugin", async () => {
  await using w = await world();
  const file = join(w.elsewhere, "x.tgz");
  await Bun.write(file, tgzOf([{ path: "package/aleph_plugin.toml", data: codeOf() }, { path: "package/index.js" }]));
  expect((await w.install(file)).plugin.status).toBe("pending");
  expect((await readdir(join(w.folder, "code"))).sort()).toEqual(["aleph_plugin.toml", "index.js"]);
});

test("install replaces a version, says what was there, and the old one goes on until the new one is approved", async () => {
  await using w = await world();
  const first = await w.version("1.0.0", '[permissions]\nfilesystem = ["write:./output"]\n');
  await w.install(first, { accept: true });
  await Bun.write(join(w.folder, "code/output/kept"), "kept");
  const second = await w.version("2.0.0", '[permissions]\nfilesystem = ["write:./output"]\nenv = ["KEY"]\n');
  const { plugin, replaced } = await w.install(second);
  expect(replaced).toEqual({ version: "1.0.0", source: first });
  expect([plugin.status, plugin.awaits, plugin.serving?.version]).toEqual(["pending", "permissions", "1.0.0"]);
  expect(await Bun.file(join(w.folder, "code/output/kept")).text()).toBe("kept");
  const approved = await w.plugins.approve("code", { by: "me" });
  expect([approved.status, approved.serving?.version]).toEqual(["loaded", "2.0.0"]);
  // Back again, which is a change as well.
  const back = await w.install(first);
  expect([back.plugin.awaits, back.replaced]).toEqual(["content", { version: "2.0.0", source: second }]);
});

test("install of a changed version in development needs no approval", async () => {
  await using w = await world();
  const source = await w.version("1.0.0");
  await w.install(source, { accept: true });
  await w.plugins.develop("code", true);
  await Bun.write(join(source, "index.js"), "export const changed = 1");
  expect((await w.install(source)).plugin.status).toBe("loaded");
});

test.each([
  ["no manifest", [{ path: "index.js" }], 'There is no "aleph_plugin.toml" in it'],
  [
    "a manifest in the second folder",
    [{ path: "a/b/aleph_plugin.toml", data: codeOf() }],
    'There is no "aleph_plugin.toml" in it',
  ],
  ["a broken manifest", [{ path: "aleph_plugin.toml", data: "x" }], "aleph_plugin.toml is not valid"],
  [
    "no entry",
    [{ path: "aleph_plugin.toml", data: codeOf({ version: "2.0.0" }) }],
    'Plugin "code" cannot work: The entry',
  ],
  [
    "a link",
    [
      { path: "aleph_plugin.toml", data: codeOf() },
      { path: "index.js", type: "2", link: "x" },
    ],
    "is a link",
  ],
  [
    "a path that leads out",
    [{ path: "aleph_plugin.toml", data: codeOf() }, { path: "../index.js" }],
    "leads elsewhere",
  ],
  [
    "too large a file",
    [
      { path: "aleph_plugin.toml", data: codeOf() },
      { path: "index.js", data: "x".repeat(10_001) },
    ],
    "large",
  ],
] satisfies [string, Parameters<typeof tgzOf>[0], string][])(
  "install refuses a plugin with %s, and the version before stays",
  async (_, pieces, said) => {
    await using w = await world();
    await w.install(await w.version("1.0.0"), { accept: true });
    const file = join(w.elsewhere, "bad.tgz");
    await Bun.write(file, tgzOf(pieces));
    const refused = await refusal(w.install(file, { accept: true }));
    expect(refused).toStartWith("plugin_error: ");
    expect(refused).toContain(said);
    const kept = await w.plugins.get("code");
    expect([kept.status, kept.serving?.version, await w.there()]).toEqual(["loaded", "1.0.0", ["code"]]);
  },
);

test("install refuses a plugin for another version of Aleph", async () => {
  await using w = await world();
  await writePlugin(w.elsewhere, "style", {
    manifest: manifestOf().replace("kind", 'aleph = ">=9"\nkind'),
    prompt: "x",
  });
  expect(await refusal(w.install(join(w.elsewhere, "style")))).toContain("It is made for Aleph >=9, and this is 0.1.0");
  expect(await w.there()).toEqual([]);
});

test("install refuses an id that belongs to a plugin elsewhere, and a place that is taken", async () => {
  await using w = await world();
  const source = await w.version("1.0.0");
  await writePlugin(w.folder, "other-folder", { manifest: codeOf() });
  expect(await refusal(w.install(source))).toBe(
    `conflict: Plugin id "code" belongs to the plugin in ${JSON.stringify(join(w.folder, "other-folder"))}`,
  );
  expect(await w.there()).toEqual(["other-folder"]);

  await using x = await world();
  await writePlugin(x.folder, "code", { manifest: codeOf({ id: "another" }) });
  expect(await refusal(x.install(await x.version("1.0.0")))).toContain('belongs to plugin "another"');
  await using y = await world();
  await mkdir(y.folder);
  await Bun.write(join(y.folder, "code"), "a file");
  expect(await refusal(y.install(await y.version("1.0.0")))).toContain("is there already, and is no plugin");
});

test("install does not follow a link in the place of a plugin", async () => {
  await using w = await world();
  const more = '[permissions]\nfilesystem = ["write:./output"]\n';
  const target = await w.version("0.9.0", more);
  await mkdir(join(target, "output"));
  await mkdir(w.folder);
  await symlink(target, join(w.folder, "code"));
  const { plugin } = await w.install(await w.version("1.0.0", more));
  const left = (await readdir(target)).sort();
  expect([plugin.manifest?.version, left]).toEqual(["1.0.0", ["aleph_plugin.toml", "index.js", "output"]]);
});

test("install goes on where a crash ended one, and leaves nothing behind", async () => {
  await using w = await world();
  await w.install(await w.version("1.0.0"), { accept: true });
  await writePlugin(w.folder, ".install-abc", {});
  await writePlugin(w.folder, ".old-gone", { manifest: codeOf({ id: "gone" }) });
  await w.install(await w.version("2.0.0"));
  expect(await w.there()).toEqual(["code", "gone"]);
});

test("install stops on abort", async () => {
  await using w = await world();
  const source = await w.version("1.0.0");
  expect(w.install(source, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
  expect(await w.there()).toEqual([]);
});

test("install does one after the other", async () => {
  await using w = await world();
  const sources = await Promise.all(["1.0.0", "2.0.0", "3.0.0"].map((version) => w.version(version)));
  const all = await Promise.all(sources.map((source) => w.install(source)));
  expect(all.map(({ replaced }) => replaced?.version)).toEqual([undefined, "1.0.0", "2.0.0"]);
  expect([(await w.plugins.get("code")).manifest?.version, await w.there()]).toEqual(["3.0.0", ["code"]]);
});

test("uninstall removes a plugin and all that is known of it", async () => {
  await using w = await world();
  const source = await w.version("1.0.0");
  await w.install(source, { accept: true });
  await w.installer.uninstall("code");
  expect([await w.states(), await w.there()]).toEqual([[], []]);
  // What was approved before is not approved now.
  expect((await w.install(source)).plugin.status).toBe("pending");
});

test("uninstall removes a plugin that cannot be read, and a link but not what it leads to", async () => {
  await using w = await world();
  await writePlugin(w.folder, "broken", { manifest: "x" });
  const target = await w.version("1.0.0");
  await symlink(target, join(w.folder, "linked"));
  await w.installer.uninstall("broken");
  await w.installer.uninstall("linked");
  expect([await w.there(), (await readdir(target)).length]).toEqual([[], 2]);
});

test("uninstall refuses what is not there, and what lies elsewhere", async () => {
  await using w = await world();
  expect(await refusal(w.installer.uninstall("code"))).toBe('not_found: No plugin "code"');
  await writePlugin(join(w.home, "system"), "style", { prompt: "x" });
  expect(await refusal(w.installer.uninstall("style"))).toBe(
    `conflict: Plugin "style" was not installed: it is in ${JSON.stringify(join(w.home, "system", "style"))}`,
  );
  expect(await w.states()).toEqual([["style", "running"]]);
});
