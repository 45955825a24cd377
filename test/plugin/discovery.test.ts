import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlugins, findRoots, pluginRoots, readPluginFile } from "../../src/plugin/discovery.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

test("findPlugins names the folders in order, links as links, and no files or hidden folders", async () => {
  await using root = await testFolder();
  for (const name of ["b", "a", ".git"]) mkdirSync(join(root.path, name));
  writeFileSync(join(root.path, "README.md"), "");
  symlinkSync("a", join(root.path, "c"));
  const found = { source: "user" } as const;
  expect(await findPlugins({ ...found, path: root.path, isTrusted: true })).toEqual([
    { ...found, folder: "a", path: join(root.path, "a"), isLink: false },
    { ...found, folder: "b", path: join(root.path, "b"), isLink: false },
    { ...found, folder: "c", path: join(root.path, "c"), isLink: true },
  ]);
});

test("findPlugins throws what keeps it from looking", async () => {
  await using root = await testFolder();
  writeFileSync(join(root.path, "plugins"), "");
  const looked = findPlugins({ source: "user", path: join(root.path, "plugins"), isTrusted: true });
  await expect(looked).rejects.toThrow("ENOTDIR");
});

test("pluginRoots are the standard folders and those that the config names, which need trust unless they are absolute", () => {
  const options = {
    user: "/h/plugins",
    system: "/usr/p",
    bundled: "/h/run/b",
    workingFolder: "/work",
    userHome: "/me",
  };
  expect(pluginRoots({ ...options, searchPaths: ["~/more", "/srv/p", "./plugins", "../p"] })).toEqual([
    { source: "user", path: "/h/plugins", needsTrust: false },
    { source: "system", path: "/usr/p", needsTrust: false },
    { source: "path", path: "/me/more", needsTrust: false },
    { source: "path", path: "/srv/p", needsTrust: false },
    { source: "path", path: "/work/plugins", needsTrust: true },
    { source: "path", path: "/p", needsTrust: true },
    { source: "project", path: "/work/plugins", needsTrust: true },
    { source: "bundled", path: "/h/run/b", needsTrust: false },
  ]);
});

test("findRoots names each folder that is there once, by its real path, and whether it is trusted", async () => {
  await using root = await testFolder();
  const at = (...names: string[]) => join(root.path, ...names);
  for (const name of ["user", "work/plugins", "other"]) mkdirSync(at(name), { recursive: true });
  symlinkSync("user", at("link"));
  const trusted: string[] = [];
  const find = () =>
    findRoots(
      [
        { source: "user", path: at("user"), needsTrust: false },
        { source: "system", path: at("none"), needsTrust: false },
        { source: "path", path: at("link"), needsTrust: true },
        { source: "path", path: at("other"), needsTrust: true },
        { source: "project", path: at("work", "plugins"), needsTrust: true },
      ],
      (path) => trusted.includes(path),
    );
  const expected = (other: boolean, project: boolean) => [
    { source: "user", path: at("user"), isTrusted: true },
    { source: "path", path: at("other"), isTrusted: other },
    { source: "project", path: at("work", "plugins"), isTrusted: project },
  ];
  expect(await find()).toEqual(expected(false, false) as never);
  trusted.push(at("work"), at("other"));
  expect(await find()).toEqual(expected(true, true) as never);
});

test("readPluginFile reads a file of the plugin, in its sub-folders too", async () => {
  await using root = await testFolder();
  mkdirSync(join(root.path, "docs"));
  writeFileSync(join(root.path, "docs", "a.md"), "Hällo");
  expect(await readPluginFile(root.path, "docs/a.md")).toBe("Hällo");
  expect(await readPluginFile(root.path, "./docs/../docs/a.md")).toBe("Hällo");
});

test.each([
  ["../secret.md", "is outside of the plugin's folder"],
  ["docs/../../secret.md", "is outside of the plugin's folder"],
  ["/etc/passwd", "is outside of the plugin's folder"],
  [".", "is outside of the plugin's folder"],
  ["a\0b", "is not a path"],
  ["link.md", "leads through a link, which a plugin may not have"],
  ["inner.md", "leads through a link, which a plugin may not have"],
  ["linked/secret.md", "leads through a link, which a plugin may not have"],
  ["nowhere.md", "leads through a link, which a plugin may not have"],
  ["none.md", "does not exist"],
  ["real.md/below", "does not exist"],
  ["folder", "is not a regular file"],
  ["large.md", "is larger than 256 KiB"],
  ["bytes.md", "is not UTF-8 text"],
])("readPluginFile refuses %j: it %s", async (path, why) => {
  await using root = await testFolder();
  const plugin = join(root.path, "plugin");
  mkdirSync(join(plugin, "folder"), { recursive: true });
  writeFileSync(join(root.path, "secret.md"), "secret");
  writeFileSync(join(plugin, "real.md"), "fine");
  symlinkSync("../secret.md", join(plugin, "link.md"));
  symlinkSync("real.md", join(plugin, "inner.md"));
  symlinkSync("..", join(plugin, "linked"));
  symlinkSync("gone.md", join(plugin, "nowhere.md"));
  writeFileSync(join(plugin, "large.md"), "x".repeat(256 * 1024 + 1));
  writeFileSync(join(plugin, "bytes.md"), new Uint8Array([0xff, 0xfe, 0x00]));
  expect(await refusal(() => readPluginFile(plugin, path))).toEqual({
    reason: "plugin_error",
    message: `File ${JSON.stringify(path)} ${why}`,
    data: {},
  });
});
