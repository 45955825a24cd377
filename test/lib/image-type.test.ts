import { expect, test } from "bun:test";
import { imageType } from "../../src/lib/image-type.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test.each([
  ["\x89PNG\r\n\x1a\n....", "image/png"],
  ["\xff\xd8\xff\xe0....", "image/jpeg"],
  ["GIF87a......", "image/gif"],
  ["GIF89a......", "image/gif"],
  ["RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"],
  ["RIFF\x00\x00\x00\x00WAVEfmt ", undefined],
  ["<svg xmlns=", undefined],
  ["\x89PNG", undefined],
  ["", undefined],
])("imageType of %p is %p", (text, expected) => {
  expect(imageType(bytes(text))).toBe(expected as never);
});

test("imageType looks at the view that it is given, not at its whole buffer", () => {
  const all = bytes("xxxxGIF89a......");
  expect(imageType(all.subarray(4))).toBe("image/gif");
});
