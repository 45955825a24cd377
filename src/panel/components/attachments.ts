/** Files that a message will carry: read, counted and refused before they are sent. */
import type { Params } from "../../client/client.ts";
import { toBase64 } from "../state/rework.ts";

export type WireAttachment = NonNullable<Params<"agent.run">["attachments"]>[number];

export interface Attachment {
  readonly id: number;
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  /** A `blob:` address of a picture; undefined for everything else. */
  readonly preview: string | undefined;
  readonly file: File;
}

export type Refusal =
  | { readonly why: "too_many"; readonly limit: number }
  | { readonly why: "too_large"; readonly name: string; readonly limit: number }
  | { readonly why: "unreadable"; readonly name: string };

const MAX_FILES = 20;
/** What the message itself and the names may need of a frame. */
const RESERVED_BYTES = 64 * 1024;

/** Bytes that files may have together, so that in Base64 they fit into one frame. */
export function roomFor(maxPayload: number): number {
  return Math.max(0, Math.floor(((maxPayload - RESERVED_BYTES) * 3) / 4));
}

/** The files that fit, behind those that are there; the first that does not fit ends it. */
export function addFiles(
  there: readonly Attachment[],
  files: readonly File[],
  { room, nextId }: { readonly room: number; readonly nextId: () => number },
): { readonly attachments: readonly Attachment[]; readonly refusal: Refusal | undefined } {
  const attachments = [...there];
  let used = there.reduce((sum, { size }) => sum + size, 0);
  for (const file of files) {
    if (attachments.length >= MAX_FILES) return { attachments, refusal: { why: "too_many", limit: MAX_FILES } };
    used += file.size;
    if (used > room) return { attachments, refusal: { why: "too_large", name: file.name, limit: room } };
    attachments.push({
      id: nextId(),
      name: file.name,
      mime: mimeOf(file),
      size: file.size,
      preview: file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined,
      file,
    });
  }
  return { attachments, refusal: undefined };
}

export function forget({ preview }: Attachment): void {
  if (preview !== undefined) URL.revokeObjectURL(preview);
}

export async function toWire({ name, mime, file }: Attachment): Promise<WireAttachment> {
  return { mime, name: name.slice(0, 255), data: toBase64(new Uint8Array(await file.arrayBuffer())) };
}

function mimeOf({ type }: File): string {
  const [mime = ""] = type.split(";");
  return /^[\w.+-]+\/[\w.+-]+$/.test(mime) ? mime : "application/octet-stream";
}
