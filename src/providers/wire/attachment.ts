/** What each kind of attachment can be for a model. */
import type { ModelMedia } from "../../sdk/provider.ts";

export type Attachment =
  | { readonly kind: "image" | "pdf" | "audio"; readonly mime: string; readonly base64: string }
  | { readonly kind: "text"; readonly text: string };

const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const AUDIO = new Set(["audio/wav", "audio/mpeg", "audio/mp3", "audio/x-wav"]);
const TEXT = /^(text\/|application\/(json|xml|yaml|toml|javascript|x-sh|x-ndjson|sql)$|.*\+(json|xml)$)/;

/** Text is put into the conversation as it is; what no model can read becomes a line that says so. */
export function readAttachment(media: ModelMedia): Attachment {
  const mime = media.mime.toLowerCase();
  if (IMAGES.has(mime)) return { kind: "image", mime, base64: base64(media.data) };
  if (mime === "application/pdf") return { kind: "pdf", mime, base64: base64(media.data) };
  if (AUDIO.has(mime)) return { kind: "audio", mime, base64: base64(media.data) };
  if (TEXT.test(mime)) {
    const name = media.name === undefined ? "" : ` name=${JSON.stringify(media.name)}`;
    return { kind: "text", text: `<attachment${name}>\n${new TextDecoder().decode(media.data)}\n</attachment>` };
  }
  return unreadable(media);
}

/** The line that stands for an attachment which this model cannot take. */
export function unreadable({ mime, name, data }: ModelMedia): { kind: "text"; text: string } {
  const what = name === undefined ? "An attachment" : `The attachment ${JSON.stringify(name)}`;
  return { kind: "text", text: `[${what} (${mime}, ${data.byteLength} bytes) cannot be read by this model]` };
}

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}
