/** Images as models take them: not larger than they look at, and none that was made to fill the memory. */
import { AlephError } from "../protocol/errors.ts";

export interface FittedImage {
  readonly bytes: Uint8Array;
  readonly mime: string;
}

/** An image of so many pixels takes four bytes for each while it is looked at, however small its file. */
const MAX_PIXELS = 64_000_000;
/** Models look at no more than this along the longer side. */
const MAX_EDGE = 1568;
/** Five megabytes in base64, which is the least that a large provider takes. */
const MAX_BYTES = 3_750_000;
const SMALLER = [
  { edge: MAX_EDGE, quality: 85 },
  { edge: MAX_EDGE, quality: 70 },
  { edge: 1024, quality: 60 },
] as const;

/** Throws `payload_too_large` for an image with more pixels than anybody looks at. What cannot be read it lets pass. */
export async function assertPixels(bytes: Uint8Array): Promise<void> {
  await sizeOf(bytes);
}

/** The image, or a smaller one of it. What cannot be read is given back as it is. Throws as `assertPixels`. */
export async function fitImage(bytes: Uint8Array, mime: string): Promise<FittedImage> {
  const size = await sizeOf(bytes);
  const fits = size && Math.max(size.width, size.height) <= MAX_EDGE && bytes.byteLength <= MAX_BYTES;
  if (!size || fits) return { bytes, mime };
  // What may be transparent stays so while that is not too large.
  if (mime !== "image/jpeg") {
    const png = await scaled(bytes, MAX_EDGE).png().bytes();
    if (png.byteLength <= MAX_BYTES) return { bytes: png, mime: "image/png" };
  }
  let smaller = bytes;
  for (const { edge, quality } of SMALLER) {
    smaller = await scaled(bytes, edge).jpeg({ quality }).bytes();
    if (smaller.byteLength <= MAX_BYTES) break;
  }
  return { bytes: smaller, mime: "image/jpeg" };
}

function scaled(bytes: Uint8Array, edge: number): Bun.Image {
  return new Bun.Image(bytes, { maxPixels: MAX_PIXELS }).resize(edge, edge, {
    fit: "inside",
    withoutEnlargement: true,
  });
}

async function sizeOf(bytes: Uint8Array): Promise<Bun.Image.Metadata | undefined> {
  try {
    return await new Bun.Image(bytes, { maxPixels: MAX_PIXELS }).metadata();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code !== "ERR_IMAGE_TOO_MANY_PIXELS") return undefined;
    throw new AlephError("payload_too_large", `Image has more than ${MAX_PIXELS / 1_000_000} million pixels`, {
      cause: thrown,
    });
  }
}
