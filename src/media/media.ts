/** Files that messages carry: kept once each under the digest of what they are. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { imageType } from "../lib/image-type.ts";
import { AlephError } from "../protocol/errors.ts";
import { MEDIA_ID } from "../protocol/media-id.ts";
import type { MediaPart } from "../protocol/message.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";

/** The most bytes of one file. */
export const MAX_MEDIA = 32 * 1024 * 1024;

export interface PutOptions {
  /** As claimed; for an image it must be what the bytes say. */
  readonly mime: string;
  readonly name?: string;
  /** The session that it belongs to; of an ephemeral one nothing reaches the disk. */
  readonly sessionKey?: string;
  /** The most bytes that are taken. Default: 32 MB. */
  readonly maxBytes?: number;
}

export interface StoredMedia {
  readonly bytes: Uint8Array;
  readonly mime: string;
}

export interface Media {
  /**
   * Keeps the bytes; resolves when they are on disk. Throws `payload_too_large` for too many, `invalid_params` when the
   * media type is malformed or not that of the image, `storage_failed` when the disk refuses.
   */
  put(bytes: Uint8Array, options: PutOptions): Promise<MediaPart>;
  /** Throws `invalid_params` for what is no media id, `not_found` when there is nothing under it. */
  get(mediaId: string): Promise<StoredMedia>;
  /** The session is gone: that it put the file no longer counts for `remove`. */
  release(mediaId: string, sessionKey: string): void;
  /**
   * Removes what is under the id, at once, unless it was lately put: who did so may be about to mention it. Throws
   * `storage_failed`.
   */
  remove(mediaId: string): void;
}

/** Where bytes are kept under an id; one kind on disk, one in memory. */
export interface MediaShelf {
  put(id: string, stored: StoredMedia): Promise<void>;
  get(id: string): Promise<StoredMedia | undefined>;
  /** Nothing where it is not there. */
  remove(id: string): void;
}

/** So many of what was put last are known. */
const LATELY = 4096;
const MIME = /^[a-z0-9][a-z0-9.+_-]{0,62}\/[a-z0-9][a-z0-9.+_-]{0,126}$/;

export function createMedia({ durable, ephemeral }: { durable: MediaShelf; ephemeral: MediaShelf }): Media {
  /** For whom an id was put, the last ones last. */
  const lately = new Map<string, Set<string | undefined>>();
  const remember = (id: string, sessionKey: string | undefined) => {
    const known = lately.get(id) ?? new Set();
    lately.delete(id);
    lately.set(id, known.add(sessionKey));
    const [oldest] = lately.keys();
    if (lately.size > LATELY && oldest !== undefined) lately.delete(oldest);
  };
  return {
    async put(bytes, { mime: claimed, name, sessionKey, maxBytes = MAX_MEDIA }) {
      const mime = checkedType(bytes, claimed, maxBytes);
      const id = idOf(bytes, mime);
      remember(id, sessionKey);
      const kept = sessionKey === undefined || !isEphemeral(parseSessionKey(sessionKey));
      await (kept ? durable : ephemeral).put(id, { bytes, mime });
      return { type: "media", media_id: id, mime, size: bytes.byteLength, ...(name === undefined ? {} : { name }) };
    },
    async get(mediaId) {
      if (!MEDIA_ID.test(mediaId)) throw new AlephError("invalid_params", "Media id is not valid");
      const stored = (await ephemeral.get(mediaId)) ?? (await durable.get(mediaId));
      if (!stored) throw new AlephError("not_found", `Media "${mediaId}" does not exist`);
      return stored;
    },
    release(mediaId, sessionKey) {
      const putFor = lately.get(mediaId);
      putFor?.delete(sessionKey);
      if (putFor?.size === 0) lately.delete(mediaId);
    },
    remove(mediaId) {
      if (!MEDIA_ID.test(mediaId)) throw new AlephError("invalid_params", "Media id is not valid");
      if (lately.has(mediaId)) return;
      ephemeral.remove(mediaId);
      durable.remove(mediaId);
    },
  };
}

/** Two files for each: the media type beside the bytes. `folder` is made when it is first needed. */
export function createDiskShelf(folder: string): MediaShelf {
  // Two letters of the digest, so that no folder gets too large.
  const folderOf = (id: string) => join(folder, id.slice("media_".length, "media_".length + 2));
  const typeFile = (id: string) => join(folderOf(id), `${id}.type`);
  const bytesFile = (id: string) => join(folderOf(id), id);
  return {
    async put(id, { bytes, mime }) {
      if (await Bun.file(bytesFile(id)).exists()) return;
      try {
        mkdirSync(folderOf(id), { recursive: true, mode: 0o700 });
        // The bytes last: where they are, the type is as well, whenever the power goes.
        writeAtomic(typeFile(id), mime);
        writeAtomic(bytesFile(id), bytes);
      } catch (cause) {
        throw new AlephError("storage_failed", "File cannot be stored", { cause });
      }
    },
    async get(id) {
      try {
        const [bytes, mime] = await Promise.all([Bun.file(bytesFile(id)).bytes(), Bun.file(typeFile(id)).text()]);
        return { bytes, mime };
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
        throw new AlephError("storage_failed", "File cannot be read", { cause });
      }
    },
    remove(id) {
      try {
        // The other way round than they came.
        for (const file of [bytesFile(id), typeFile(id)]) rmSync(file, { force: true });
      } catch (cause) {
        throw new AlephError("storage_failed", "File cannot be removed", { cause });
      }
    },
  };
}

/** For ephemeral sessions. Over `maxBytes` in all, what was used least lately is dropped. */
export function createMemoryShelf(maxBytes = 4 * MAX_MEDIA): MediaShelf {
  const kept = new Map<string, StoredMedia>();
  let size = 0;
  const drop = (id: string, { bytes }: StoredMedia) => {
    kept.delete(id);
    size -= bytes.byteLength;
  };
  /** Back to the end: a map keeps the order of insertion. */
  const use = (id: string) => {
    const stored = kept.get(id);
    if (!stored) return undefined;
    kept.delete(id);
    kept.set(id, stored);
    return stored;
  };
  return {
    async put(id, stored) {
      if (use(id)) return;
      kept.set(id, { ...stored, bytes: stored.bytes.slice() });
      size += stored.bytes.byteLength;
      for (const [oldest, entry] of kept) {
        if (size <= maxBytes) break;
        if (oldest !== id) drop(oldest, entry);
      }
    },
    async get(id) {
      return use(id);
    },
    remove(id) {
      const stored = kept.get(id);
      if (stored) drop(id, stored);
    },
  };
}

function checkedType(bytes: Uint8Array, claimed: string, maxBytes: number): string {
  if (bytes.byteLength > maxBytes) {
    throw new AlephError("payload_too_large", `File has ${bytes.byteLength} bytes; at most ${maxBytes} are taken`);
  }
  const mime = claimed.toLowerCase();
  if (!MIME.test(mime)) throw new AlephError("invalid_params", `"${claimed.slice(0, 80)}" is not a media type`);
  const actual = imageType(bytes);
  const claimsKnownImage = /^image\/(?:png|jpe?g|gif|webp)$/.test(mime);
  if (actual === undefined && !claimsKnownImage) return mime;
  if (actual === mime || (actual === "image/jpeg" && mime === "image/jpg")) return actual;
  throw new AlephError("invalid_params", `File is ${actual ?? "not an image"}, but was said to be "${mime}"`);
}

/** Of the type as well: the same bytes said to be something else are another thing. */
function idOf(bytes: Uint8Array, mime: string): string {
  return `media_${new Bun.CryptoHasher("sha256").update(mime).update("\0").update(bytes).digest("hex")}`;
}
