/** Gives a file of the workspace to the person: it goes out with the answer, wherever that goes. */
import * as z from "zod";
import { fileType, isUtf8Text } from "../../lib/file-type.ts";
import type { Media } from "../../media/media.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./send-file.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "open">;
  readonly media: Pick<Media, "put">;
}

/** What places where people chat take. */
const MAX_FILE = 20_000_000;

export const sendFile = defineTool({
  name: "send_file",
  description,
  params: z.strictObject({ path: z.string().min(1).describe("the file, relative to the workspace") }),
  parallel: true,
  // What lies in the workspace is the owner's.
  ownerOnly: true,
  async prepare({ files, media }: Needs, { path }, { workspace, sessionKey }) {
    const { name } = await files.locate(workspace, path);
    return {
      tier: "allow",
      reason: "Gives a file of the workspace to the person it talks with",
      plan: { path: name },
      async run() {
        const { place, file } = await files.open(workspace, path);
        try {
          const size = place.stats?.size ?? 0;
          if (size > MAX_FILE) throw tooLarge(name, size);
          const bytes = new Uint8Array(await file.readFile());
          // It may have grown meanwhile.
          if (bytes.byteLength > MAX_FILE) throw tooLarge(name, bytes.byteLength);
          const mime = fileType(bytes) ?? (isUtf8Text(bytes) ? "text/plain" : "application/octet-stream");
          const part = await media.put(bytes, { mime, name: name.slice(name.lastIndexOf("/") + 1), sessionKey });
          const text = `"${name}" (${mime}, ${part.size} bytes) goes out with your answer`;
          return { ok: true, text, media: [{ ...part, for_person: true }] };
        } finally {
          await file.close();
        }
      },
    };
  },
});

function tooLarge(name: string, size: number): AlephError {
  return new AlephError("payload_too_large", `"${name}" has ${size} bytes; at most ${MAX_FILE} are sent`);
}
