import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashContent, listContent } from "../../src/plugin/content.ts";
import { Snapshots } from "../../src/plugin/snapshots.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { BARE_MANIFEST } from "../support/plugins.ts";

const manifest = { ...BARE_MANIFEST, id: "p", permissions: { network: [], filesystem: ["write:./a/output"], env: [] } };

async function setUp() {
  const root = await testFolder();
  const from = join(root.path, "plugin");
  mkdirSync(join(from, "a", "output"), { recursive: true });
  writeFileSync(join(from, "index.js"), "1");
  writeFileSync(join(from, "a", "output", "x"), "written");
  const sha256 = await hashContent(await listContent(from, ["a/output"]));
  const folder = join(root.path, "approved");
  return {
    from,
    folder,
    sha256,
    snapshots: new Snapshots(folder),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

test("Snapshots.make copies what was approved, with a way to what the plugin writes", async () => {
  await using t = await setUp();
  const path = await t.snapshots.make(manifest, t.sha256, t.from);
  expect([path, t.snapshots.has("p", t.sha256)]).toEqual([join(t.folder, "p", t.sha256), true]);
  expect(readdirSync(path).toSorted()).toEqual(["a", "index.js"]);
  expect(readlinkSync(join(path, "a", "output"))).toBe(join(t.from, "a", "output"));
  // Once made, it is not made again.
  writeFileSync(join(t.from, "index.js"), "2");
  expect(await t.snapshots.make(manifest, t.sha256, t.from)).toBe(path);
  await new Snapshots(t.folder).verify(manifest, t.sha256);
});

test("Snapshots.make leaves nothing behind when the files are not those that were approved", async () => {
  await using t = await setUp();
  writeFileSync(join(t.from, "index.js"), "2");
  expect(await refusal(() => t.snapshots.make(manifest, t.sha256, t.from))).toMatchObject({
    reason: "conflict",
    message: 'The files of plugin "p" changed in the meantime',
  });
  expect([t.snapshots.has("p", t.sha256), readdirSync(join(t.folder, "p"))]).toEqual([false, []]);
});

test("Snapshots.make can be asked twice at once", async () => {
  await using t = await setUp();
  const other = new Snapshots(t.folder);
  const made = await Promise.all([t.snapshots, other, t.snapshots].map((one) => one.make(manifest, t.sha256, t.from)));
  expect([new Set(made).size, readdirSync(join(t.folder, "p"))]).toEqual([1, [t.sha256]]);
});

test("Snapshots.keepOnly removes the other versions, and the folder with the last", async () => {
  await using t = await setUp();
  await t.snapshots.make(manifest, t.sha256, t.from);
  mkdirSync(join(t.folder, "p", "f".repeat(64)));
  mkdirSync(join(t.folder, "p", "new_unfinished"));
  await t.snapshots.keepOnly("p", [t.sha256]);
  expect(readdirSync(join(t.folder, "p")).toSorted()).toEqual([t.sha256, "new_unfinished"].toSorted());
  await t.snapshots.keepOnly("p", []);
  expect(readdirSync(t.folder)).toEqual([]);
  await t.snapshots.keepOnly("none", []);
});
