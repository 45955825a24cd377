/** Where a tool takes a file from: the workspace, or what is attached to the conversation. */
import * as z from "zod";
import type { Media } from "../../media/media.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";

export interface SourceNeeds {
  readonly files: Pick<Files, "locate" | "open">;
  readonly media: Pick<Media, "get">;
}

export const sourceParams = {
  path: z.string().min(1).optional().describe("a file, relative to the workspace"),
  media_id: z.string().min(1).max(100).optional().describe("an attachment, in place of path"),
};

interface Wanted {
  readonly path?: string | undefined;
  readonly media_id?: string | undefined;
}

export interface Source {
  /** For messages: the path below the workspace, or the id. */
  readonly name: string;
  /** Throws `payload_too_large` for more than `maxBytes`, and `not_found`. */
  read(maxBytes: number): Promise<Uint8Array>;
}

/** Throws `invalid_params` unless exactly one place is named. */
export async function sourceOf(
  { files, media }: SourceNeeds,
  { path, media_id }: Wanted,
  workspace: string,
): Promise<Source> {
  if ((path === undefined) === (media_id === undefined)) {
    throw new AlephError("invalid_params", 'Exactly one of "path" and "media_id" is needed');
  }
  if (path === undefined) {
    return {
      name: media_id!,
      async read(maxBytes) {
        const { bytes } = await media.get(media_id!);
        assertSize(bytes.byteLength, maxBytes, media_id!);
        return bytes;
      },
    };
  }
  const { name } = await files.locate(workspace, path);
  return {
    name,
    async read(maxBytes) {
      const { place, file } = await files.open(workspace, path);
      try {
        assertSize(place.stats?.size ?? 0, maxBytes, name);
        const bytes = new Uint8Array(await file.readFile());
        assertSize(bytes.byteLength, maxBytes, name);
        return bytes;
      } finally {
        await file.close();
      }
    },
  };
}

function assertSize(size: number, maxBytes: number, name: string): void {
  if (size <= maxBytes) return;
  throw new AlephError("payload_too_large", `"${name}" has ${size} bytes; at most ${maxBytes} are taken`);
}
