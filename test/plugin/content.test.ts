import { expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CONTENT_LIMITS, copyContent, hashContent, listContent } from "../../src/plugin/content.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

function fill(folder: string): void {
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "index.js"), "1");
  writeFileSync(join(folder, "dist", "b.js"), "2");
}

const hashOf = async (folder: string, writable: readonly string[] = []) =>
  hashContent(await listContent(folder, writable));

test("hashContent is the same for the same files wherever they are, and another for any change", async () => {
  await using root = await testFolder();
  const [a, b] = [join(root.path, "a"), join(root.path, "b")];
  for (const folder of [a, b]) fill(folder);
  const hashes = [await hashOf(a)];
  expect(await hashOf(b)).toBe(hashes[0]!);
  const changes = [
    () => writeFileSync(join(b, "index.js"), "3"),
    () => writeFileSync(join(b, "new.js"), ""),
    () => writeFileSync(join(b, "dist", "c"), ""),
    () => writeFileSync(join(b, ".hidden"), ""),
  ];
  for (const change of changes) {
    change();
    hashes.push(await hashOf(b));
  }
  expect(new Set(hashes).size).toBe(5);
});

test("listContent leaves out history, npm's links to programs and what the plugin may write", async () => {
  await using root = await testFolder();
  fill(root.path);
  const before = await hashOf(root.path, ["output"]);
  for (const name of [".git", "node_modules/.bin", "node_modules/x/node_modules/.bin", "output"]) {
    mkdirSync(join(root.path, name), { recursive: true });
    symlinkSync("/etc/passwd", join(root.path, name, "x"));
  }
  expect(await hashOf(root.path, ["output"])).toBe(before);
});

test("listContent has another stamp after a change that keeps size and time", async () => {
  await using root = await testFolder();
  fill(root.path);
  const file = join(root.path, "index.js");
  const { stamp } = await listContent(root.path, []);
  const { atime, mtime } = statSync(file);
  writeFileSync(file, "2");
  utimesSync(file, atime, mtime);
  expect((await listContent(root.path, [])).stamp).not.toBe(stamp);
});

test.each([
  [
    "a link to a file",
    (folder: string) => symlinkSync("/etc/passwd", join(folder, "x")),
    'File "x" is a link, which a plugin may not have',
  ],
  [
    "a link to a folder",
    (folder: string) => symlinkSync("/etc", join(folder, "dist", "x")),
    'File "dist/x" is a link, which a plugin may not have',
  ],
  [
    "a link that leads nowhere",
    (folder: string) => symlinkSync("nowhere", join(folder, "x")),
    'File "x" is a link, which a plugin may not have',
  ],
  ["a pipe", (folder: string) => Bun.spawnSync(["mkfifo", join(folder, "x")]), 'File "x" is not a regular file'],
])("listContent refuses %s", async (_, make, message) => {
  await using root = await testFolder();
  fill(root.path);
  make(root.path);
  expect(await refusal(() => listContent(root.path, []))).toEqual({ reason: "plugin_error", message, data: {} });
});

test.each([
  [{ files: 1 }, "The plugin is too large: more than 1 files"],
  [{ bytes: 1024 * 1024 }, "The plugin is too large: more than 1 MiB"],
  [{ depth: 1 }, 'File "dist" is nested deeper than 1 folders'],
])("listContent refuses what is over the limit %j", async (limit, message) => {
  await using root = await testFolder();
  fill(root.path);
  writeFileSync(join(root.path, "large"), new Uint8Array(1024 * 1024 + 1));
  const limits = { ...CONTENT_LIMITS, ...limit };
  expect(await refusal(() => listContent(root.path, [], limits))).toMatchObject({ reason: "plugin_error", message });
});

test("copyContent writes what it hashed, as files of its own that cannot be written", async () => {
  await using root = await testFolder();
  const [from, to] = [join(root.path, "from"), join(root.path, "to")];
  fill(from);
  writeFileSync(join(root.path, "elsewhere"), "x");
  linkSync(join(root.path, "elsewhere"), join(from, "hard"));
  chmodSync(join(from, "index.js"), 0o777);
  writeFileSync(join(from, "large"), Buffer.alloc(3 * 1024 * 1024 + 7, "abc"));
  const content = await listContent(from, []);
  mkdirSync(to);
  expect(await copyContent(content, to)).toBe(await hashContent(content));
  expect(await hashOf(to)).toBe(await hashContent(content));
  expect(readdirSync(to, { recursive: true }).toSorted()).toEqual(["dist", "dist/b.js", "hard", "index.js", "large"]);
  expect(readFileSync(join(to, "large"))).toEqual(readFileSync(join(from, "large")));
  expect([statSync(join(to, "index.js")).mode & 0o777, statSync(join(to, "hard")).nlink]).toEqual([0o400, 1]);
});
