/** Reads a file of the workspace: text by lines, images as media. */
import type { FileHandle } from "node:fs/promises";
import * as z from "zod";
import { imageType } from "../../lib/image-type.ts";
import type { Media } from "../../media/media.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files, Place } from "../../sandbox/files.ts";
import { defineTool, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import description from "./read.md" with { type: "text" };
import { readLines } from "./read-lines.ts";

interface Needs {
  readonly files: Pick<Files, "locate" | "open">;
  readonly media: Pick<Media, "put">;
}

const MAX_LINES = 2000;
/** What providers take for one image. */
const MAX_IMAGE = 10 * 1024 * 1024;
/** A NUL this near to the beginning means that it is no text. */
const SNIFFED = 8192;

export const read = defineTool({
  name: "read",
  description,
  params: z.strictObject({
    path: z.string().min(1).describe("the file, relative to the workspace"),
    offset: z.int().min(1).optional().describe("first line to read, from 1"),
    limit: z.int().min(1).max(MAX_LINES).optional().describe("how many lines to read"),
  }),
  parallel: true,
  async prepare({ files, media }: Needs, { path, offset = 1, limit = MAX_LINES }, context) {
    const { name } = await files.locate(context.workspace, path);
    return {
      tier: "allow",
      reason: "Reads a file in the workspace",
      plan: { path: name, offset, limit },
      async run() {
        const { place, file } = await files.open(context.workspace, path);
        try {
          const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFFED), 0, SNIFFED, 0);
          const head = buffer.subarray(0, bytesRead);
          if (imageType(head)) return await readImage(media, file, place, context);
          if (head.includes(0)) {
            throw new AlephError("invalid_params", `"${name}" is a binary file of ${place.stats?.size ?? 0} bytes`);
          }
          return { ok: true, text: await readLines(file, offset, limit) };
        } finally {
          await file.close();
        }
      },
    };
  },
});

async function readImage(
  media: Needs["media"],
  file: FileHandle,
  { name, stats }: Place,
  { sessionKey }: ToolContext,
): Promise<ToolResult> {
  const size = stats?.size ?? 0;
  if (size > MAX_IMAGE) {
    throw new AlephError("payload_too_large", `"${name}" has ${size} bytes; an image may have at most ${MAX_IMAGE}`);
  }
  const bytes = new Uint8Array(await file.readFile());
  const mime = imageType(bytes);
  if (!mime || bytes.byteLength > MAX_IMAGE) throw new AlephError("conflict", `"${name}" changed while it was read`);
  const part = await media.put(bytes, { mime, name: name.slice(name.lastIndexOf("/") + 1), sessionKey });
  return { ok: true, text: `Image ${name} (${mime}, ${part.size} bytes)`, media: [part] };
}
