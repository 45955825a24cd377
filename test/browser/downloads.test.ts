import { expect, test } from "bun:test";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Downloads, MAX_DOWNLOAD, safeName } from "../../src/browser/downloads.ts";
import { testFolder } from "../support/folder.ts";
import { refusalOf } from "../support/tool-call.ts";

test.each([
  ["report.pdf", "report.pdf"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Windows\\x.dll", "x.dll"],
  [".bashrc", "bashrc"],
  ["..", "download"],
  ["", "download"],
  ["a\0b\n$(id)`.sh", "a_b_(id)_.sh"],
  ["con.txt", "_con.txt"],
  ["evil\u202egpj.exe", "evil_gpj.exe"],
  ["grüße 日本.txt", "grüße 日本.txt"],
  [`${"a".repeat(300)}.tar`, `${"a".repeat(100)}.tar`],
])("safeName of %j is %j", (suggested, name) => {
  expect(safeName(suggested)).toBe(name);
});

test("safeName takes no longer for a name of blanks and dots than for any other", () => {
  const began = performance.now();
  expect(safeName(`a${" .".repeat(100_000)}b.txt`)).toEndWith("b.txt");
  expect(performance.now() - began).toBeLessThan(500);
});

async function setUp() {
  const folder = await testFolder();
  const cancelled: string[] = [];
  const notes: string[] = [];
  const downloads = new Downloads({
    folder: folder.path,
    cancel: (guid) => cancelled.push(guid),
    onNote: (text) => notes.push(text),
  });
  const begin = (guid: string) => downloads.begin({ guid, url: "https://site.test/x", suggestedFilename: "x" });
  return {
    path: folder.path,
    downloads,
    cancelled,
    notes,
    begin,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("Downloads takes a few at a time, and tells once that more were refused", async () => {
  await using t = await setUp();
  for (const guid of ["a", "b", "c", "d", "e"]) t.begin(guid);
  expect(t.downloads.all.map(({ id }) => id)).toEqual(["d1", "d2", "d3"]);
  expect(t.cancelled).toEqual(["d", "e"]);
  expect(t.notes.filter((note) => note.includes("more than is allowed"))).toHaveLength(1);
});

test("Downloads cancels what is too large, whether it says so or not", async () => {
  await using t = await setUp();
  t.begin("a");
  t.begin("b");
  t.downloads.progress({ guid: "a", totalBytes: MAX_DOWNLOAD + 1, receivedBytes: 1, state: "inProgress" });
  t.downloads.progress({ guid: "b", totalBytes: 0, receivedBytes: MAX_DOWNLOAD + 1, state: "inProgress" });
  expect(t.cancelled).toEqual(["a", "b"]);
  expect(t.downloads.all.map(({ state }) => state)).toEqual(["refused", "refused"]);
  t.downloads.progress({ guid: "a", totalBytes: 1, receivedBytes: 1, state: "completed" });
  expect(await refusalOf(t.downloads.read("d1"))).toBe('conflict: Download "d1" is not complete: refused');
  expect(await refusalOf(t.downloads.read("d7"))).toBe('not_found: There is no download "d7"');
});

test("Downloads gives what the browser has written, and nothing that it leads to", async () => {
  await using t = await setUp();
  await using outside = await testFolder();
  await writeFile(join(outside.path, "secret"), "secret");
  await writeFile(join(t.path, "a"), "page");
  await symlink(join(outside.path, "secret"), join(t.path, "b"));
  for (const guid of ["a", "b", `../${outside.path.split("/").at(-1)}/secret`]) {
    t.begin(guid);
    t.downloads.progress({ guid, totalBytes: 4, receivedBytes: 4, state: "completed" });
  }
  const { bytes } = await t.downloads.read("d1");
  expect(Buffer.from(bytes).toString()).toBe("page");
  expect(await refusalOf(t.downloads.read("d2"))).toBe('conflict: Download "d2" is no file');
  expect(await refusalOf(t.downloads.read("d3"))).toBe('conflict: Download "d3" is no file');
});
