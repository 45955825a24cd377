/** An HTTP request as a plugin's handler gets it: its body within the limits, its credentials left out. */
import { unlessAborted } from "../lib/unless-aborted.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginHttpRequest } from "../sdk/plugin-route.ts";

const CREDENTIALS = ["authorization", "proxy-authorization", "cookie"];

/** Throws `payload_too_large`; rejects with the signal's reason when that aborts before the body is there. */
export async function readBody(request: Request, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const tooLarge = () => new AlephError("payload_too_large", `A body may have ${limit} bytes here`);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(reader.read(), signal);
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      if (size > limit) throw tooLarge();
      chunks.push(value);
    }
  } catch (thrown) {
    // The rest is of no interest; that it is not read ends the connection.
    reader.cancel().catch(() => "it may have ended already");
    throw thrown;
  }
}

export function toPluginRequest(request: Request, url: URL, path: string, body: Uint8Array): PluginHttpRequest {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) if (!query.has(name)) query.set(name, value);
  const headers = [...request.headers].filter(([name]) => !CREDENTIALS.includes(name));
  return {
    method: request.method,
    path,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(headers),
    ...asText(body),
  };
}

function asText(body: Uint8Array): Pick<PluginHttpRequest, "body" | "encoding"> {
  try {
    // A mark of the byte order is part of what was signed.
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body), encoding: "utf8" };
  } catch {
    // It is no text.
    return { body: Buffer.from(body).toString("base64"), encoding: "base64" };
  }
}
