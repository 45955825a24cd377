import { expect, test } from "bun:test";
import { addFiles, forget, roomFor, toWire } from "../../../src/panel/components/attachments.ts";

const file = (name: string, size: number, type = "") => new File([new Uint8Array(size).fill(7)], name, { type });
function ids() {
  let last = 0;
  return () => ++last;
}

test("files that fit are added behind those that are there", () => {
  const first = addFiles([], [file("a.txt", 3, "text/plain;charset=utf-8")], { room: 10, nextId: ids() });
  const { attachments, refusal } = addFiles(first.attachments, [file("b", 2)], { room: 10, nextId: ids() });
  expect(refusal).toBeUndefined();
  expect(attachments.map(({ name, mime, size }) => [name, mime, size])).toEqual([
    ["a.txt", "text/plain", 3],
    ["b", "application/octet-stream", 2],
  ]);
});

test("files that are too large together are refused, by name and with the limit", () => {
  const { attachments, refusal } = addFiles([], [file("a", 6), file("b", 6)], { room: 10, nextId: ids() });
  expect(attachments.map(({ name }) => name)).toEqual(["a"]);
  expect(refusal).toEqual({ why: "too_large", name: "b", limit: 10 });
});

test("a message takes at most 20 files", () => {
  const many = Array.from({ length: 21 }, (_, at) => file(`${at}`, 1));
  const { attachments, refusal } = addFiles([], many, { room: 1000, nextId: ids() });
  expect(attachments).toHaveLength(20);
  expect(refusal).toEqual({ why: "too_many", limit: 20 });
});

test("what fits into the room fits into a frame once it is Base64", async () => {
  const room = roomFor(1024 * 1024);
  const { attachments } = addFiles([], [file("a.bin", room, "image/png")], { room, nextId: ids() });
  const wire = await toWire(attachments[0]!);
  for (const attachment of attachments) forget(attachment);
  expect(JSON.stringify(wire).length).toBeLessThan(1024 * 1024);
  expect(Buffer.from(wire.data, "base64").equals(Buffer.alloc(room, 7))).toBe(true);
  expect([wire.name, wire.mime]).toEqual(["a.bin", "image/png"]);
});

test("a frame that is smaller than what surrounds the files has no room", () => {
  expect(roomFor(1000)).toBe(0);
});
