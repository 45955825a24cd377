/** What a handler gives back to a tool call, a command or a resolver, read as text and media. */
import { AlephError } from "../protocol/errors.ts";

export interface AnswerMedia {
  readonly mime: string;
  readonly name?: string;
  readonly bytes: Uint8Array;
}

export interface Answer {
  readonly text: string;
  readonly media: readonly AnswerMedia[];
}

const MAX_MEDIA = 20;

/**
 * A string is the text; so is `text` of an object that has nothing besides but `media`, a list of `{mime, data, name?}` with `data` in
 * base64. Anything else is its JSON. Throws `plugin_error` for media that are none.
 */
export function readAnswer(value: unknown): Answer {
  if (!isStructured(value)) return { text: plainText(value), media: [] };
  const { text, media = [] } = value;
  if (!Array.isArray(media) || media.length > MAX_MEDIA) throw notMedia(`a list of at most ${MAX_MEDIA}`);
  return { text: text.toWellFormed(), media: media.map(readMedia) };
}

export function textOfAnswer(value: unknown): string {
  return isStructured(value) ? value.text.toWellFormed() : plainText(value);
}

function isStructured(value: unknown): value is { readonly text: string; readonly media?: unknown } {
  if (typeof value !== "object" || value === null || !("text" in value) || typeof value.text !== "string") return false;
  return Object.keys(value).every((key) => key === "text" || key === "media");
}

function plainText(value: unknown): string {
  if (value === undefined || value === null) return "[no result]";
  return (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
}

function readMedia(part: unknown): AnswerMedia {
  const { mime, name, data } = (typeof part === "object" && part !== null ? part : {}) as Record<string, unknown>;
  if (typeof mime !== "string") throw notMedia("`mime`, a media type such as image/png");
  if (typeof data !== "string") throw notMedia("`data`, its bytes in base64");
  if (name !== undefined && typeof name !== "string") throw notMedia("`name`, a text");
  try {
    return { mime, ...(name ? { name: name.slice(0, 255) } : {}), bytes: Uint8Array.fromBase64(data) };
  } catch {
    throw notMedia("`data`, its bytes in base64");
  }
}

function notMedia(wanted: string): AlephError {
  return new AlephError("plugin_error", `What the plugin gave back has media without ${wanted}`);
}
