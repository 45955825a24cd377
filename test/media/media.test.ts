import { expect, test } from "bun:test";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createDiskShelf, createMedia, createMemoryShelf, MAX_MEDIA } from "../../src/media/media.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { testFolder } from "../support/folder.ts";

const PNG = new Uint8Array(Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1"));
const TEXT = new TextEncoder().encode("hello");
const CHAT = "agent:main:chat:a";
const EPHEMERAL = "agent:main:ephemeral:x1";

async function setUp() {
  const folder = await testFolder();
  const path = join(folder.path, "media");
  const media = createMedia({ durable: createDiskShelf(path), ephemeral: createMemoryShelf() });
  return { path, media, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof AlephError ? thrown.reason : String(thrown)),
  );
}

test("Media gives back what was put, also to the next process", async () => {
  await using t = await setUp();
  const part = await t.media.put(PNG, { mime: "image/png", name: "a.png" });
  expect(part).toEqual({
    type: "media",
    media_id: expect.stringMatching(/^media_[0-9a-f]{64}$/),
    mime: "image/png",
    name: "a.png",
    size: PNG.byteLength,
  });
  const next = createMedia({ durable: createDiskShelf(t.path), ephemeral: createMemoryShelf() });
  expect(await next.get(part.media_id)).toEqual({ bytes: PNG, mime: "image/png" });
});

test("Media keeps the same bytes once, for the owner alone", async () => {
  await using t = await setUp();
  const first = await t.media.put(TEXT, { mime: "text/plain" });
  const second = await t.media.put(TEXT, { mime: "TEXT/plain" });
  expect(second).toEqual(first);
  expect(await filesBelow(t.path)).toEqual([first.media_id, `${first.media_id}.type`]);
  const { mode } = await stat(join(t.path, first.media_id.slice(6, 8), first.media_id));
  expect(mode & 0o777).toBe(0o600);
});

test("Media tells the same bytes of two types apart", async () => {
  await using t = await setUp();
  const plain = await t.media.put(TEXT, { mime: "text/plain" });
  const markdown = await t.media.put(TEXT, { mime: "text/markdown" });
  expect((await t.media.get(plain.media_id)).mime).toBe("text/plain");
  expect((await t.media.get(markdown.media_id)).mime).toBe("text/markdown");
});

test.each([
  ["a text said to be an image", TEXT, "image/png"],
  ["an image said to be another", PNG, "image/gif"],
  ["an image said to be a text", PNG, "text/plain"],
  ["no media type", TEXT, "png"],
  ["a path as media type", TEXT, "../../x/y"],
  ["a line feed in the media type", TEXT, "text/plain\nx"],
  ["an empty media type", TEXT, ""],
] as const)("Media refuses %s", async (_, bytes, mime) => {
  await using t = await setUp();
  expect(await reasonOf(t.media.put(bytes, { mime }))).toBe("invalid_params");
  expect(await filesBelow(t.path)).toEqual([]);
});

test("Media corrects the usual wrong name of JPEG", async () => {
  await using t = await setUp();
  const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
  expect((await t.media.put(jpeg, { mime: "image/jpg" })).mime).toBe("image/jpeg");
});

test("Media refuses more than 32 MB", async () => {
  await using t = await setUp();
  const large = new Uint8Array(MAX_MEDIA + 1);
  expect(await reasonOf(t.media.put(large, { mime: "application/octet-stream" }))).toBe("payload_too_large");
});

test.each([
  "",
  "x",
  "media_",
  "media_../../x",
  `media_${"0".repeat(63)}`,
  `media_${"A".repeat(64)}`,
  `media_${"0".repeat(64)}.type`,
  `media_${"0".repeat(64)}\n`,
])("Media does not take %j for an id", async (id) => {
  await using t = await setUp();
  expect(await reasonOf(t.media.get(id))).toBe("invalid_params");
});

test("Media says when there is nothing under an id", async () => {
  await using t = await setUp();
  expect(await reasonOf(t.media.get(`media_${"0".repeat(64)}`))).toBe("not_found");
});

test("Media writes nothing of an ephemeral session to disk", async () => {
  await using t = await setUp();
  const part = await t.media.put(PNG, { mime: "image/png", sessionKey: EPHEMERAL });
  expect(await t.media.get(part.media_id)).toEqual({ bytes: PNG, mime: "image/png" });
  expect(await filesBelow(t.path)).toEqual([]);
  await t.media.put(TEXT, { mime: "text/plain", sessionKey: "agent:main:main" });
  expect((await filesBelow(t.path)).length).toBe(2);
});

test("createMemoryShelf keeps what was put a second time before what was put between", async () => {
  const shelf = createMemoryShelf(10);
  const file = (letter: string) => ({ bytes: new TextEncoder().encode(letter.repeat(4)), mime: "text/plain" });
  for (const letter of ["a", "b", "a", "c"]) await shelf.put(letter, file(letter));
  expect([await shelf.get("a"), await shelf.get("b"), await shelf.get("c")]).toEqual([file("a"), undefined, file("c")]);
});

test("createMemoryShelf drops what was used least lately, and keeps its own copy", async () => {
  const shelf = createMemoryShelf(10);
  const bytes = (value: number) => new Uint8Array(4).fill(value);
  const own = bytes(1);
  await shelf.put("a", { bytes: own, mime: "x/a" });
  own.fill(9);
  await shelf.put("b", { bytes: bytes(2), mime: "x/b" });
  expect(await shelf.get("a")).toEqual({ bytes: bytes(1), mime: "x/a" });
  await shelf.put("c", { bytes: bytes(3), mime: "x/c" });
  expect(await shelf.get("b")).toBeUndefined();
  expect(await shelf.get("a")).toBeDefined();
  expect(await shelf.get("c")).toBeDefined();
});

test("Media says when the disk refuses", async () => {
  await using t = await setUp();
  await writeFile(t.path, "a file where the folder should be");
  expect(await reasonOf(t.media.put(TEXT, { mime: "text/plain" }))).toBe("storage_failed");
  expect(await reasonOf(t.media.get(`media_${"0".repeat(64)}`))).toBe("storage_failed");
});

test("Media removes both files of an id, and the bytes of an ephemeral session", async () => {
  await using t = await setUp();
  const durable = await t.media.put(TEXT, { mime: "text/plain", sessionKey: CHAT });
  const ephemeral = await t.media.put(PNG, { mime: "image/png", sessionKey: EPHEMERAL });
  t.media.release(durable.media_id, CHAT);
  t.media.release(ephemeral.media_id, EPHEMERAL);
  for (const { media_id } of [durable, ephemeral]) t.media.remove(media_id);
  expect(await filesBelow(t.path)).toEqual([]);
  for (const { media_id } of [durable, ephemeral]) expect(await reasonOf(t.media.get(media_id))).toBe("not_found");
  // Nothing is there any more.
  t.media.remove(durable.media_id);
});

test("Media removes nothing that was lately put for another session, for none, or once more", async () => {
  await using t = await setUp();
  for (const sessionKey of ["agent:main:chat:b", undefined]) {
    const bytes = new TextEncoder().encode(`for ${sessionKey}`);
    const { media_id } = await t.media.put(bytes, { mime: "text/plain", sessionKey: CHAT });
    await t.media.put(bytes, { mime: "text/plain", ...(sessionKey === undefined ? {} : { sessionKey }) });
    t.media.release(media_id, CHAT);
    t.media.remove(media_id);
    expect((await t.media.get(media_id)).bytes).toEqual(bytes);
  }
  const { media_id } = await t.media.put(TEXT, { mime: "text/plain", sessionKey: CHAT });
  t.media.release(media_id, CHAT);
  await t.media.put(TEXT, { mime: "text/plain", sessionKey: CHAT });
  t.media.remove(media_id);
  expect((await t.media.get(media_id)).bytes).toEqual(TEXT);
});

test("Media says when the disk refuses to let go of a file", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(TEXT, { mime: "text/plain", sessionKey: CHAT });
  t.media.release(media_id, CHAT);
  const file = join(t.path, media_id.slice(6, 8), media_id);
  await rm(file);
  await mkdir(join(file, "in the way"), { recursive: true });
  expect(() => t.media.remove(media_id)).toThrow("File cannot be removed");
});
