import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlugins, readPluginFile } from "../../src/plugin/discovery.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

test("findPlugins names the folders in order, links as links, and no files or hidden folders", async () => {
  await using root = await testFolder();
  for (const name of ["b", "a", ".git"]) mkdirSync(join(root.path, name));
  writeFileSync(join(root.path, "README.md"), "");
  symlinkSync("a", join(root.path, "c"));
  expect(await findPlugins(root.path)).toEqual([
    { folder: "a", path: join(root.path, "a"), isLink: false },
    { folder: "b", path: join(root.path, "b"), isLink: false },
    { folder: "c", path: join(root.path, "c"), isLink: true },
  ]);
});

test("findPlugins finds nothing where there is no folder, and throws what else keeps it from looking", async () => {
  await using root = await testFolder();
  expect(await findPlugins(join(root.path, "plugins"))).toEqual([]);
  writeFileSync(join(root.path, "plugins"), "");
  await expect(findPlugins(join(root.path, "plugins"))).rejects.toThrow("ENOTDIR");
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
