import { expect, test } from "bun:test";
import { mkdir, readdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { exchange, recover } from "../../../src/plugin/install/exchange.ts";
import { testFolder } from "../../support/folder.ts";

/** A version of the plugin `style` that may write in `output`. */
async function write(path: string, version: string, output?: string): Promise<string> {
  const manifest = `[plugin]
id = "style"
name = "Style"
version = "${version}"
description = "For tests"
kind = "nodejs"
entry = "index.js"
[permissions]
filesystem = ["write:./data/output"]
`;
  await Bun.write(join(path, "aleph_plugin.toml"), manifest);
  await Bun.write(join(path, "version"), version);
  if (output !== undefined) await Bun.write(join(path, "data/output/file"), output);
  return path;
}

/** The version that is there, what it wrote, and all that is in the folder. */
async function state(folder: string): Promise<readonly [string, string, readonly string[]]> {
  const text = (path: string) =>
    Bun.file(join(folder, "style", path))
      .text()
      .catch(() => "-");
  return [await text("version"), await text("data/output/file"), (await readdir(folder)).sort()];
}

test("exchange puts a plugin where none was", async () => {
  await using folder = await testFolder();
  await exchange(folder.path, "style", await write(join(folder.path, ".install-1"), "1.0.0", "shipped"));
  expect(await state(folder.path)).toEqual(["1.0.0", "shipped", ["style"]]);
});

test("exchange replaces a version, and keeps what that wrote", async () => {
  await using folder = await testFolder();
  await write(join(folder.path, "style"), "1.0.0", "kept");
  await Bun.write(join(folder.path, "style/only-in-the-old-one"), "");
  await exchange(folder.path, "style", await write(join(folder.path, ".install-1"), "2.0.0", "shipped"));
  expect(await state(folder.path)).toEqual(["2.0.0", "kept", ["style"]]);
  expect((await readdir(join(folder.path, "style"))).sort()).toEqual(["aleph_plugin.toml", "data", "version"]);
});

test("exchange takes nothing along that a link of the version before leads to", async () => {
  await using folder = await testFolder();
  await using outside = await testFolder();
  await Bun.write(join(outside.path, "output/file"), "the person's own");
  await write(join(folder.path, "style"), "1.0.0");
  await symlink(outside.path, join(folder.path, "style/data"));
  await exchange(folder.path, "style", await write(join(folder.path, ".install-1"), "2.0.0"));
  expect(await state(folder.path)).toEqual(["2.0.0", "-", ["style"]]);
  expect(await Bun.file(join(outside.path, "output/file")).text()).toBe("the person's own");
});

/** How the folder looks after a crash at each of the steps. */
const CRASHES: readonly [string, (folder: string) => Promise<unknown>, string][] = [
  ["before the new one is in place", async (folder) => write(join(folder, ".install-1"), "2.0.0"), "1.0.0"],
  ["when the new one is whole", async (folder) => write(join(folder, ".new-style"), "2.0.0"), "2.0.0"],
  [
    "when the old one is away",
    async (folder) => {
      await write(join(folder, ".new-style"), "2.0.0");
      await rename(join(folder, "style"), join(folder, ".old-style"));
    },
    "2.0.0",
  ],
  [
    "when what it wrote is with the new one",
    async (folder) => {
      await write(join(folder, ".new-style"), "2.0.0");
      await rename(join(folder, "style"), join(folder, ".old-style"));
      await mkdir(join(folder, ".new-style/data"));
      await rename(join(folder, ".old-style/data/output"), join(folder, ".new-style/data/output"));
    },
    "2.0.0",
  ],
  [
    "when only the old one is left to be removed",
    async (folder) => {
      await rename(join(folder, "style/data"), join(folder, "data"));
      await rename(join(folder, "style"), join(folder, ".old-style"));
      await write(join(folder, "style"), "2.0.0");
      await rename(join(folder, "data"), join(folder, "style/data"));
    },
    "2.0.0",
  ],
  ["and the new one is gone", async (folder) => rename(join(folder, "style"), join(folder, ".old-style")), "1.0.0"],
];

test.each(CRASHES)("recover: a crash %s", async (_, crash, version) => {
  await using folder = await testFolder();
  await write(join(folder.path, "style"), "1.0.0", "kept");
  await crash(folder.path);
  await recover(folder.path);
  expect(await state(folder.path)).toEqual([version, "kept", ["style"]]);
  await recover(folder.path);
  expect(await state(folder.path)).toEqual([version, "kept", ["style"]]);
});

test("recover has nothing to do where there is no folder", async () => {
  await using folder = await testFolder();
  await recover(join(folder.path, "missing"));
  expect(await readdir(folder.path)).toEqual([]);
});
