import { expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { unpackArchive } from "../../../src/plugin/install/archive.ts";
import { INSTALL_LIMITS, type InstallLimits } from "../../../src/plugin/install/entry.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";
import { type TarPiece, tarOf, tgzOf, type ZipPiece, zipOf } from "./archives.ts";

/** What is in the folder afterwards, as `path mode content`, or the refusal. */
async function unpack(bytes: Uint8Array, limits: Partial<InstallLimits> = {}): Promise<readonly string[] | string> {
  await using folder = await testFolder();
  const file = join(folder.path, "archive");
  const to = join(folder.path, "a", "plugin");
  await Bun.write(file, bytes);
  await Bun.write(join(to, "x"), "");
  await Bun.file(join(to, "x")).delete();
  try {
    await unpackArchive(file, to, { ...INSTALL_LIMITS, ...limits });
  } catch (thrown) {
    expect([(await readdir(folder.path)).sort(), await readdir(join(folder.path, "a"))]).toEqual([
      ["a", "archive"],
      ["plugin"],
    ]);
    if (!(thrown instanceof AlephError)) throw thrown;
    return `${thrown.reason}: ${thrown.message}`;
  }
  const names = (await readdir(to, { recursive: true })).sort();
  return await Promise.all(
    names.map(async (name) => {
      const stats = await stat(join(to, name));
      const mode = (stats.mode & 0o7777).toString(8);
      return `${name} ${mode} ${stats.isDirectory() ? "/" : await Bun.file(join(to, name)).text()}`;
    }),
  );
}

const LONG = `${"a".repeat(90)}/${"b".repeat(90)}/${"c".repeat(90)}.txt`;

test("unpackArchive reads a .tar.gz with files, folders and rights", async () => {
  const archive = tgzOf([
    { path: "./", type: "5" },
    { path: "./aleph_plugin.toml", data: "one" },
    { path: "dist/", type: "5", mode: 0o700 },
    { path: "dist/index.js", data: "two", mode: 0o6777 },
    { path: "deep/er/file", data: "three", mode: 0 },
    { path: "name", prefix: "in/prefix", data: "four" },
    { path: "old", type: "\0", data: "five" },
    { path: "empty" },
  ]);
  expect(await unpack(archive)).toEqual([
    "aleph_plugin.toml 644 one",
    "deep 755 /",
    "deep/er 755 /",
    "deep/er/file 644 three",
    "dist 755 /",
    "dist/index.js 755 two",
    "empty 644 ",
    "in 755 /",
    "in/prefix 755 /",
    "in/prefix/name 644 four",
    "old 644 five",
  ]);
});

test("unpackArchive reads a .zip with files, folders and rights", async () => {
  const archive = zipOf(
    [
      { path: "dist/", mode: 0o040755 },
      { path: "dist/index.js", data: "two".repeat(1000), mode: 0o106755 },
      { path: "stored", data: "three", stored: true },
      { path: "ümlaut", data: "four", mode: 0 },
    ],
    { comment: "made by hand" },
  );
  expect(await unpack(archive)).toEqual([
    "dist 755 /",
    `dist/index.js 755 ${"two".repeat(1000)}`,
    "stored 644 three",
    "ümlaut 644 four",
  ]);
});

test.each([
  [
    "pax",
    [
      { path: "pax", type: "x", data: `${LONG.length + 10} path=${LONG}\n` },
      { path: "short", data: "one" },
    ],
  ],
  [
    "GNU",
    [
      { path: "././@LongLink", type: "L", data: `${LONG}\0` },
      { path: "short", data: "one" },
    ],
  ],
] satisfies [string, TarPiece[]][])("unpackArchive reads long names as %s writes them", async (_, pieces) => {
  const unpacked = await unpack(tgzOf(pieces));
  expect(unpacked).toContain(`${LONG} 644 one`);
});

test("unpackArchive leaves out what systems leave behind", async () => {
  const archive = zipOf([
    { path: ".git/config", data: "x" },
    { path: "__MACOSX/._a" },
    { path: "a/.DS_Store" },
    { path: "b" },
  ]);
  expect(await unpack(archive)).toEqual(["b 644 "]);
});

const WRONG_PATHS = [
  "../evil",
  "a/../../evil",
  "a/..",
  "..",
  "/etc/evil",
  "//evil",
  "a//b",
  "a/./b",
  "C:/evil",
  "C:evil",
  "a:stream",
  "..\\evil",
  "\\\\host\\evil",
  "a\nb",
  "a\x7fb",
  "con",
  "a/NUL.txt",
  "com1",
  "trailing.",
  "trailing ",
  "a ./b",
  "x/".repeat(40),
  "y".repeat(300),
];

test.each(WRONG_PATHS)("unpackArchive refuses the path %j, in a tar and in a zip", async (path) => {
  const pax = Buffer.from(` path=${path}\n`);
  const length = pax.length + (pax.length + 2 > 99 ? 3 : 2);
  const inTar = await unpack(tgzOf([{ path: "pax", type: "x", data: `${length}${pax}` }, { path: "short" }]));
  const inZip = await unpack(zipOf([{ path }]));
  expect([inTar, inZip].map((said) => /^plugin_error: The path /.test(String(said)))).toEqual([true, true]);
});

test("unpackArchive refuses a path with a NUL", async () => {
  const archive = tgzOf([{ path: "pax", type: "x", data: "12 path=a\0b\n" }, { path: "short" }]);
  expect(await unpack(archive)).toBe('plugin_error: The path "a\\u0000b" holds a control character');
  expect(await unpack(zipOf([{ path: "a\0b" }]))).toBe('plugin_error: The path "a\\u0000b" holds a control character');
});

test.each([
  ["a link", [{ path: "a", type: "2", link: "/etc/passwd" }], '"a" is a link'],
  ["a link inside", [{ path: "b" }, { path: "a", type: "2", link: "b" }], '"a" is a link'],
  ["a hard link", [{ path: "b" }, { path: "a", type: "1", link: "b" }], '"a" is a link'],
  ["a character device", [{ path: "a", type: "3" }], '"a" is neither'],
  ["a block device", [{ path: "a", type: "4" }], '"a" is neither'],
  ["a pipe", [{ path: "a", type: "6" }], '"a" is neither'],
  ["a sparse file", [{ path: "a", type: "S" }], '"a" is neither'],
  ["what nobody knows", [{ path: "a", type: "Z" }], '"a" is neither'],
  [
    "a sparse file by pax",
    [
      { path: "x", type: "x", data: "22 GNU.sparse.major=1\n" },
      { path: "a", data: "x" },
    ],
    '"a" is neither',
  ],
  ["a file twice", [{ path: "a" }, { path: "a" }], '"a" is there twice'],
  ["a file in a file", [{ path: "a" }, { path: "a/b" }], '"a" is there twice'],
  ["a file over a folder", [{ path: "a/b" }, { path: "a" }], '"a" is there twice'],
  ["names that differ in case", [{ path: "a/B" }, { path: "a/b" }], '"a/b" and "a/B" are the same file'],
  ["folders that differ in case", [{ path: "A/b" }, { path: "a/c" }], '"a" and "A" are the same file'],
  ["names that differ in spelling", [{ path: "\u00e9" }, { path: "e\u0301" }], "are the same file"],
  [
    "a link in place of a folder",
    [
      { path: "a", type: "2", link: "/tmp" },
      { path: "a/b", data: "x" },
    ],
    '"a" is a link',
  ],
  ["a wrong checksum", [{ path: "a", damaged: true }], "damaged"],
  ["a size that is no number", [{ path: "a", size: "zzz" }], "damaged"],
  ["a size without end", [{ path: "a", size: `\xff${"\xff".repeat(11)}` }], "too large"],
  ["a size over the limit", [{ path: "a", size: "77777777777\0" }], "too large"],
  ["a pax record over its end", [{ path: "x", type: "x", data: "99 path=a\n" }, { path: "a" }], "pax record"],
  ["a pax record without a length", [{ path: "x", type: "x", data: "path=a\n" }, { path: "a" }], "pax record"],
  ["a pax record of length nothing", [{ path: "x", type: "x", data: "0 path=a\n" }, { path: "a" }], "pax record"],
  ["a pax size that is no number", [{ path: "x", type: "x", data: "11 size=-1\n" }, { path: "a" }], "no number"],
  ["a long name without end", [{ path: "x", type: "L", data: "x".repeat(70_000) }, { path: "a" }], "too large"],
] satisfies [string, TarPiece[], string][])("unpackArchive refuses in a tar: %s", async (_, pieces, said) => {
  const refusal = await unpack(tgzOf(pieces));
  expect(refusal).toStartWith("plugin_error: ");
  expect(refusal).toContain(said);
});

test.each([
  ["a link", [{ path: "a", data: "/etc/passwd", mode: 0o120777 }], '"a" is a link'],
  ["a link that ends like a folder", [{ path: "a/", mode: 0o120777 }], '"a" is a link'],
  ["a pipe", [{ path: "a", mode: 0o010644 }], '"a" is neither'],
  ["a device", [{ path: "a", mode: 0o020644 }], '"a" is neither'],
  ["a file that ends like a folder", [{ path: "a/", mode: 0o100644 }], '"a" is neither'],
  ["a file twice", [{ path: "a" }, { path: "a" }], '"a" is there twice'],
  ["names that differ in case", [{ path: "README" }, { path: "readme" }], "are the same file"],
  ["a name that is not UTF-8", [{ path: "a\xff" }], "not UTF-8"],
  ["two names for one file", [{ path: "a", says: { path: "b" } }], "damaged"],
  [
    "files that overlap",
    [
      { path: "a", data: "x" },
      { path: "a", says: { offset: 0 } },
    ],
    "overlap",
  ],
  ["a file that begins nowhere", [{ path: "a", says: { offset: 3 } }], "damaged"],
  ["a file that begins behind the end", [{ path: "a", says: { offset: 0xfffffff } }], "damaged"],
  ["less than it says", [{ path: "a", data: "abc", says: { size: 10 } }], '"a" is damaged'],
  ["more than it says", [{ path: "a", data: "abc".repeat(100), says: { size: 10 } }], '"a" is damaged'],
  ["another sum than it says", [{ path: "a", data: "abc", says: { crc: 1 } }], '"a" is damaged'],
  ["what is not deflated", [{ path: "a", data: "abc", stored: true, says: { method: 8 } }], '"a" is damaged'],
  ["another way of packing", [{ path: "a", data: "abc", says: { method: 14 } }], "not supported"],
  ["an encrypted file", [{ path: "a", data: "abc", says: { flags: 1 } }], "encrypted"],
] satisfies [string, ZipPiece[], string][])("unpackArchive refuses in a zip: %s", async (_, pieces, said) => {
  const refusal = await unpack(zipOf(pieces));
  expect(refusal).toStartWith("plugin_error: ");
  expect(refusal).toContain(said);
});

test.each([
  ["nothing", new Uint8Array()],
  ["a text", Buffer.from("<html>not found</html>")],
  ["a tar without gzip", tarOf([{ path: "a" }])],
  ["gzip of something else", Bun.gzipSync("hello".repeat(200))],
  ["half of a .tar.gz", tgzOf([{ path: "a", data: crypto.getRandomValues(new Uint8Array(5000)) }]).slice(0, 2000)],
  [
    "half of a tar",
    Bun.gzipSync(tarOf([{ path: "a", data: "x".repeat(5000) }]).slice(0, 2000) as Uint8Array<ArrayBuffer>),
  ],
  ["half of a .zip", zipOf([{ path: "a", data: "abc" }]).slice(0, 40)],
  ["a .zip with something behind", Buffer.concat([zipOf([{ path: "a" }]), Buffer.from("x")])],
  ["a .zip whose directory is elsewhere", Buffer.concat([Buffer.from("PK\x03\x04"), zipOf([{ path: "a" }])])],
])("unpackArchive refuses %s", async (_, bytes) => {
  expect(String(await unpack(bytes))).toStartWith("plugin_error: ");
});

test.each([
  ["an archive", { archiveBytes: 100 }, "larger than 100 bytes"],
  ["a file", { fileBytes: 1000 }, "large"],
  ["all files", { totalBytes: 4000 }, "larger than 4000 bytes"],
  ["the number of files", { entries: 2 }, "more than 2 files"],
] satisfies [string, Partial<InstallLimits>, string][])("unpackArchive limits %s", async (_, limits, said) => {
  const pieces = ["a", "b", "c"].map((path) => ({ path, data: crypto.getRandomValues(new Uint8Array(1500)) }));
  for (const archive of [tgzOf(pieces), zipOf(pieces)]) expect(await unpack(archive, limits)).toContain(said);
  expect(await unpack(zipOf(pieces))).toBeArrayOfSize(3);
});

test("unpackArchive refuses bombs before they are unpacked", async () => {
  const zeros = new Uint8Array(20_000_000);
  expect(await unpack(tgzOf([{ path: "a", data: zeros }]))).toBe("plugin_error: The archive is packed too tightly");
  expect(await unpack(zipOf([{ path: "a", data: zeros }]))).toBe('plugin_error: "a" is packed too tightly');
  const many = Array.from({ length: 40 }, (_, at) => ({ path: `${at}`, data: zeros.subarray(0, 1_000_000) }));
  expect(await unpack(zipOf(many), { totalBytes: 10_000_000 })).toContain("larger than 10000000 bytes");
});
