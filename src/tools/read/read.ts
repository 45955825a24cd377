/** Reads a file of the workspace: text by lines, images as media. */
import type { FileHandle } from "node:fs/promises";
import * as z from "zod";
import { type Documents, documentText, looksLikeDocument } from "../../document/documents.ts";
import { imageType } from "../../lib/image-type.ts";
import { assertPixels } from "../../media/image.ts";
import type { Media } from "../../media/media.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files, Place } from "../../sandbox/files.ts";
import { defineTool, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import description from "./read.md" with { type: "text" };
import { numberLines, readLines } from "./read-lines.ts";

interface Needs {
  readonly files: Pick<Files, "locate" | "open">;
  readonly media: Pick<Media, "put">;
  readonly documents: Documents;
}

const MAX_LINES = 2000;
/** It is made smaller for the model. */
const MAX_IMAGE = 20 * 1024 * 1024;
const MAX_DOCUMENT = 64 * 1024 * 1024;
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
  async prepare({ files, media, documents }: Needs, { path, offset = 1, limit = MAX_LINES }, context) {
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
          if (looksLikeDocument(head)) {
            const bytes = await readWhole(file, place, MAX_DOCUMENT);
            const document = await documents.read(bytes, name, context.signal);
            const text = numberLines(documentText(document).split("\n"), offset, limit);
            return { ok: true, text: `[text of the ${document.kind} document]\n${text}`, untrusted: true };
          }
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

async function readWhole(file: FileHandle, { name, stats }: Place, maxBytes: number): Promise<Uint8Array> {
  const size = stats?.size ?? 0;
  if (size > maxBytes) {
    throw new AlephError("payload_too_large", `"${name}" has ${size} bytes; at most ${maxBytes} are taken`);
  }
  return new Uint8Array(await file.readFile());
}

async function readImage(
  media: Needs["media"],
  file: FileHandle,
  place: Place,
  { sessionKey }: ToolContext,
): Promise<ToolResult> {
  const { name } = place;
  const bytes = await readWhole(file, place, MAX_IMAGE);
  const mime = imageType(bytes);
  if (!mime || bytes.byteLength > MAX_IMAGE) throw new AlephError("conflict", `"${name}" changed while it was read`);
  await assertPixels(bytes);
  const part = await media.put(bytes, { mime, name: name.slice(name.lastIndexOf("/") + 1), sessionKey });
  return { ok: true, text: `Image ${name} (${mime}, ${part.size} bytes)`, media: [part] };
}
