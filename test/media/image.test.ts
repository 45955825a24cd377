import { expect, test } from "bun:test";
import { assertPixels, fitImage } from "../../src/media/image.ts";
import { picture, pngHeader } from "../support/images.ts";
import { refusalOf } from "../support/tool-call.ts";

const sizeOf = async (bytes: Uint8Array) => {
  const { width, height, format } = await new Bun.Image(bytes).metadata();
  return { width, height, format };
};

test("fitImage leaves an image that is small enough as it is", async () => {
  const bytes = await picture(40, 30).png().bytes();
  expect(await fitImage(bytes, "image/png")).toEqual({ bytes, mime: "image/png" });
});

test("fitImage makes a large image smaller and keeps its shape", async () => {
  const jpeg = await fitImage(await picture(3000, 1500).jpeg().bytes(), "image/jpeg");
  expect([jpeg.mime, await sizeOf(jpeg.bytes)]).toEqual(["image/jpeg", { width: 1568, height: 784, format: "jpeg" }]);
  const png = await fitImage(await picture(1000, 2000).png().bytes(), "image/png");
  expect([png.mime, await sizeOf(png.bytes)]).toEqual(["image/png", { width: 784, height: 1568, format: "png" }]);
});

test("fitImage makes a heavy image lighter", async () => {
  const heavy = await picture(1400, 1400, true).png().bytes();
  expect(heavy.byteLength).toBeGreaterThan(3_750_000);
  const { bytes, mime } = await fitImage(heavy, "image/png");
  expect([mime, bytes.byteLength <= 3_750_000]).toEqual(["image/jpeg", true]);
});

test("fitImage gives back what it cannot read", async () => {
  const bytes = new TextEncoder().encode("GIF89a\u0001\0\u0001\0 and nothing more");
  expect(await fitImage(bytes, "image/gif")).toEqual({ bytes, mime: "image/gif" });
});

test("assertPixels refuses an image that unpacks to more than anybody looks at", async () => {
  expect(await refusalOf(assertPixels(pngHeader(65_535, 65_535)))).toBe(
    "payload_too_large: Image has more than 64 million pixels",
  );
  expect(await refusalOf(fitImage(pngHeader(65_535, 65_535), "image/png"))).toStartWith("payload_too_large");
  expect(await refusalOf(assertPixels(await picture(10, 10).png().bytes()))).toBeUndefined();
});
