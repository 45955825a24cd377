import { expect, test } from "bun:test";
import { chmod, mkdir, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { unpackArchive } from "../../../src/plugin/install/archive.ts";
import { INSTALL_LIMITS } from "../../../src/plugin/install/entry.ts";
import { packFolder } from "../../../src/plugin/install/pack.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";

const ABOUT = { id: "style", version: "1.2.3" };
const LONG = `${"a".repeat(90)}/${"b".repeat(90)}/${"c".repeat(90)}.txt`;
const MIDDLE = `${"d".repeat(90)}/${"e".repeat(90)}.txt`;

async function write(folder: string, order: readonly string[]): Promise<void> {
  for (const path of order) await Bun.write(join(folder, path), path);
}

const FILES = [
  "aleph_plugin.toml",
  "dist/index.js",
  LONG,
  MIDDLE,
  "ünï.txt",
  ".env",
  ".git/config",
  "node_modules/zod/index.js",
];
const KEPT = [LONG, "aleph_plugin.toml", MIDDLE, "dist/index.js", "ünï.txt"];

test("packFolder makes the same bytes of the same files, whenever and in whatever order they were written", async () => {
  await using one = await testFolder();
  await using two = await testFolder();
  await write(one.path, FILES);
  await write(two.path, FILES.toReversed());
  await utimes(join(two.path, "aleph_plugin.toml"), 1, 1);
  await chmod(join(two.path, "aleph_plugin.toml"), 0o600);
  await mkdir(join(two.path, "empty"));
  const first = await packFolder(one.path, ABOUT, []);
  expect(await packFolder(two.path, ABOUT, [])).toEqual(first);
  expect([first.name, first.files.map(({ path }) => path)]).toEqual(["style-1.2.3.tgz", KEPT]);
  expect(first.sha256).toBe(new Bun.CryptoHasher("sha256").update(first.bytes).digest("hex"));
});

test("packFolder makes what can be installed again, and what others read", async () => {
  await using folder = await testFolder();
  const from = join(folder.path, "from");
  const to = join(folder.path, "to");
  await write(from, FILES);
  await chmod(join(from, "dist/index.js"), 0o755);
  await mkdir(to);
  const { bytes } = await packFolder(from, ABOUT, []);
  await Bun.write(join(folder.path, "x.tgz"), bytes);
  await unpackArchive(join(folder.path, "x.tgz"), to, INSTALL_LIMITS);
  for (const path of KEPT) expect(await Bun.file(join(to, "style", path)).text()).toBe(path);
  const others = await new Bun.Archive(bytes).files();
  expect([...others.keys()].sort()).toEqual(KEPT.map((path) => `style/${path}`).sort());
});

test("packFolder takes in what is left out otherwise when it is named, and only that", async () => {
  await using folder = await testFolder();
  await write(folder.path, [...FILES, ".other", "node_modules/zod/.hidden", "node_modules/other/index.js"]);
  const { files } = await packFolder(folder.path, ABOUT, ["./node_modules/zod/", ".env"]);
  const paths = files.map(({ path }) => path).filter((path) => !KEPT.includes(path));
  expect(paths).toEqual([".env", "node_modules/zod/.hidden", "node_modules/zod/index.js"]);
});

test.each([["missing"], ["node_modules/missing"], [".git"]])("packFolder refuses to include %s", async (path) => {
  await using folder = await testFolder();
  await write(folder.path, FILES);
  expect(packFolder(folder.path, ABOUT, [path])).rejects.toThrow(AlephError);
});

test("packFolder refuses links", async () => {
  await using folder = await testFolder();
  await write(folder.path, ["aleph_plugin.toml"]);
  await symlink("/etc/passwd", join(folder.path, "link"));
  expect(packFolder(folder.path, ABOUT, [])).rejects.toThrow('"link" is a link, which a plugin may not have');
});
