/** Bytes that come inside of a request, and the JSON of tool calls. */
import type { ModelMedia } from "../../sdk/provider.ts";
import { refuseField } from "./fields.ts";

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** `data:image/png;base64,…`. Addresses are not fetched: who asks could reach places that only the server can. */
export function readDataUrl(url: string, path: string, name?: string): ModelMedia {
  const [, mime, data] = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.-]+)*;base64,(.*)$/s.exec(url) ?? [];
  if (mime === undefined || data === undefined) {
    throw refuseField(path, "must be a base64 data: URL; other addresses cannot be carried over to this model");
  }
  return readBase64(data, mime, path, name);
}

export function readBase64(data: string, mime: string, path: string, name?: string): ModelMedia {
  const compact = /\s/.test(data) ? data.replace(/\s+/g, "") : data;
  if (!BASE64.test(compact)) throw refuseField(path, "must be base64");
  return {
    type: "media",
    mime: mime.toLowerCase(),
    ...(name === undefined ? {} : { name }),
    data: new Uint8Array(Buffer.from(compact, "base64")),
  };
}

/** Arguments of a call as the model wrote them: parsed, or the text when they are not JSON. */
export function readArguments(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    // The model made it; who reads it is told what it was.
    return text;
  }
}

export function writeArguments(args: unknown): string {
  return typeof args === "string" ? args : JSON.stringify(args ?? {});
}
