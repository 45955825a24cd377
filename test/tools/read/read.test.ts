import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { createDocuments } from "../../../src/document/documents.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "../../../src/media/media.ts";
import { createFiles } from "../../../src/sandbox/files.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { read } from "../../../src/tools/read/read.ts";
import { pdf } from "../../support/documents.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const media = createMedia({ durable: createDiskShelf(workspace.home.media), ephemeral: createMemoryShelf() });
  const documents = createDocuments({ sandbox: async () => createSandbox() });
  const needs = { files: createFiles({ home: workspace.home }), media, documents };
  const call = (input: unknown) => callTool(read, needs, input, workspace.context());
  return { ...workspace, needs, media, call };
}

test("read gives numbered lines", async () => {
  await using t = await setUp();
  await t.write("a.txt", "one\r\ntwo\n\nfour");
  expect(await t.call({ path: "a.txt" })).toEqual({ ok: true, text: "1\tone\n2\ttwo\n3\t\n4\tfour" });
});

test("read says what it will do before it does it", async () => {
  await using t = await setUp();
  const { tier, plan } = await prepareCall(read, t.needs, { path: "./x/../a.txt", limit: 3 }, t.context());
  expect([tier, plan]).toEqual(["allow", { path: "a.txt", offset: 1, limit: 3 }]);
});

test("read gives the part that is asked for and says when there is more", async () => {
  await using t = await setUp();
  await t.write("a.txt", Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`).join(""));
  expect((await t.call({ path: "a.txt", offset: 3, limit: 2 })).text).toBe(
    "3\tline 3\n4\tline 4\n[more follows; go on with offset 5]",
  );
  expect((await t.call({ path: "a.txt", offset: 9 })).text).toBe("9\tline 9\n10\tline 10");
  expect((await t.call({ path: "a.txt", offset: 99 })).text).toBe("[the file ends at line 10]");
});

test("read reads lines over the edges of its buffer, whatever they are made of", async () => {
  await using t = await setUp();
  const lines = Array.from({ length: 3000 }, (_, index) => "ä€😀".repeat(10 + (index % 7)) + index);
  await t.write("a.txt", lines.join("\n"));
  const texts: string[] = [];
  for (let offset = 1; offset <= 3000; offset += 250)
    texts.push((await t.call({ path: "a.txt", offset, limit: 250 })).text);
  const got = texts.flatMap((text) => text.split("\n").filter((line) => !line.startsWith("[")));
  expect(got).toEqual(lines.map((line, index) => `${index + 1}\t${line}`));
});

test("read stops at 2,000 lines or 50,000 characters", async () => {
  await using t = await setUp();
  await t.write("lines.txt", "x\n".repeat(5000));
  expect((await t.call({ path: "lines.txt" })).text).toEndWith("2000\tx\n[more follows; go on with offset 2001]");
  await t.write("wide.txt", `${"y".repeat(1000)}\n`.repeat(500));
  const { text } = await t.call({ path: "wide.txt" });
  expect(text.length).toBeLessThan(55_000);
  expect(text).toMatch(/\[more follows; go on with offset \d+\]$/);
});

test("read cuts a very long line and holds only its beginning", async () => {
  await using t = await setUp();
  await t.write("min.js", `${"a".repeat(3_000_000)}\nend`);
  expect((await t.call({ path: "min.js" })).text).toBe(`1\t${"a".repeat(2000)} [… line of 3000000 bytes cut]\n2\tend`);
});

test("read takes an empty file", async () => {
  await using t = await setUp();
  await t.write("empty", "");
  expect((await t.call({ path: "empty" })).text).toBe("[the file is empty]");
});

test("read shows an image to the model", async () => {
  await using t = await setUp();
  const png = new Uint8Array(Buffer.from(`\x89PNG\r\n\x1a\n${"\0".repeat(9000)}`, "latin1"));
  await t.write("img/a.png", png);
  const result = await t.call({ path: "img/a.png" });
  expect(result).toEqual({
    ok: true,
    text: "Image img/a.png (image/png, 9008 bytes)",
    media: [{ type: "media", media_id: expect.any(String), mime: "image/png", name: "a.png", size: 9008 }],
  });
  expect((await t.media.get(result.media![0]!.media_id)).bytes).toEqual(png);
});

test("read gives the text of a document, by lines", async () => {
  await using t = await setUp();
  await t.write("a.pdf", pdf(["one\ntwo", "three"]));
  expect(await t.call({ path: "a.pdf", offset: 2, limit: 2 })).toEqual({
    ok: true,
    untrusted: true,
    text: "[text of the pdf document]\n2\tone\n3\ttwo\n[more follows; go on with offset 4]",
  });
});

test("read refuses an image that unpacks to more than anybody looks at", async () => {
  await using t = await setUp();
  const header = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0", "latin1");
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(Bun.hash.crc32(header.subarray(12)));
  await t.write("bomb.png", Buffer.concat([header, crc]));
  expect(await refusalOf(t.call({ path: "bomb.png" }))).toBe(
    "payload_too_large: Image has more than 64 million pixels",
  );
});

test("read refuses an image that is too large", async () => {
  await using t = await setUp();
  await t.write("a.gif", `GIF89a${"x".repeat(20 * 1024 * 1024)}`);
  expect(await refusalOf(t.call({ path: "a.gif" }))).toStartWith("payload_too_large: ");
});

test("read refuses other binary files, folders, and what is not there or outside", async () => {
  await using t = await setUp();
  await t.write("data.bin", new Uint8Array([1, 0, 2]));
  await symlink("/etc/passwd", join(t.path, "link"));
  expect(await refusalOf(t.call({ path: "data.bin" }))).toBe('invalid_params: "data.bin" is a binary file of 3 bytes');
  expect(await refusalOf(t.call({ path: "." }))).toBe('invalid_params: "." is a folder, not a file');
  expect(await refusalOf(t.call({ path: "none" }))).toBe('not_found: "none" does not exist');
  expect(await refusalOf(t.call({ path: "link" }))).toBe('forbidden: "link" is outside of the workspace');
  expect(await refusalOf(t.call({ path: "../../config.toml" }))).toStartWith("forbidden: ");
});
