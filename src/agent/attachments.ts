/** What people attach to a message: what it is its bytes say, and what is no image lies in the workspace as well. */
import { basename, extname } from "node:path";
import { fileType, isUtf8Text } from "../lib/file-type.ts";
import { assertPixels } from "../media/image.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { MediaPart } from "../protocol/message.ts";
import type { RunParams } from "../protocol/run.ts";
import { agentOf, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Files } from "../sandbox/files.ts";

export interface AttachmentDeps {
  readonly media: Pick<Media, "put">;
  readonly files: () => Promise<Pick<Files, "open" | "write">>;
  readonly workspace: (agent: string) => string;
}

type Attachment = NonNullable<RunParams["attachments"]>[number];

const FOLDER = "attachments";
const MAX_NAME = 100;
const IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const TEXT = /^text\/|^application\/(?:json|xml|yaml|toml|javascript|x-sh|x-ndjson|sql)$|\+(?:json|xml|yaml)$/;

/** Resolves when all of it is on disk. Throws what `Media.put` and `Files.write` throw. */
export function takeAttachments(
  deps: AttachmentDeps,
  attachments: readonly Attachment[],
  sessionKey: string,
): Promise<MediaPart[]> {
  return Promise.all(attachments.map((attachment) => take(deps, attachment, sessionKey)));
}

async function take(
  { media, files, workspace }: AttachmentDeps,
  { data, mime: claimed, name }: Attachment,
  sessionKey: string,
): Promise<MediaPart> {
  const bytes = new Uint8Array(Buffer.from(data, "base64"));
  const mime = typeOf(bytes, claimed);
  if (mime.startsWith("image/")) await assertPixels(bytes);
  const part = await media.put(bytes, { mime, sessionKey, ...(name ? { name } : {}) });
  // Of an ephemeral session nothing reaches the disk.
  if (IMAGE.test(mime) || isEphemeral(parseSessionKey(sessionKey))) return part;
  return {
    ...part,
    path: await putInWorkspace(await files(), workspace(agentOf(parseSessionKey(sessionKey))), bytes, { name, mime }),
  };
}

/** The word of whoever sent it counts only for what kind of text it is. */
function typeOf(bytes: Uint8Array, claimed: string): string {
  const found = fileType(bytes);
  if (found !== undefined) return found;
  if (!isUtf8Text(bytes)) return "application/octet-stream";
  const mime = claimed.toLowerCase();
  return TEXT.test(mime) ? mime : "text/plain";
}

async function putInWorkspace(
  files: Pick<Files, "open" | "write">,
  workspace: string,
  bytes: Uint8Array,
  { name, mime }: { readonly name: string | undefined; readonly mime: string },
): Promise<string> {
  const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 8);
  const safe = safeName(name) ?? `file-${digest}${/^text\//.test(mime) ? ".txt" : ""}`;
  const plain = `${FOLDER}/${safe}`;
  // The same file sent again lies where it lay; another one of the same name does not take its place.
  const there = await readIfThere(files, workspace, plain);
  if (there !== undefined && Buffer.compare(there, bytes) === 0) return plain;
  const ending = extname(safe);
  const path =
    there === undefined ? plain : `${FOLDER}/${safe.slice(0, safe.length - ending.length)}-${digest}${ending}`;
  await files.write(workspace, path, bytes);
  return path;
}

/** A name that is one everywhere and hides nothing. */
function safeName(name: string | undefined): string | undefined {
  const bare = basename((name ?? "").replaceAll("\\", "/"))
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._ ()+-]/gu, "_")
    .replace(/^[. -]+|[. ]+$/g, "");
  if (bare === "") return undefined;
  const ending = extname(bare).slice(0, 20);
  return bare.length <= MAX_NAME ? bare : `${bare.slice(0, MAX_NAME - ending.length).toWellFormed()}${ending}`;
}

async function readIfThere(files: Pick<Files, "open">, workspace: string, path: string): Promise<Buffer | undefined> {
  try {
    const { file } = await files.open(workspace, path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof AlephError && thrown.reason === "not_found") return undefined;
    throw thrown;
  }
}
