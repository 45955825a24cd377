/** Gets something from the web and makes it readable. */
import * as z from "zod";
import { type Documents, documentText, looksLikeDocument } from "../../document/documents.ts";
import { imageType } from "../../lib/image-type.ts";
import { assertPixels } from "../../media/image.ts";
import type { Media } from "../../media/media.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Egress, EgressAnswer } from "../../sandbox/egress.ts";
import { defineTool, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import { decodeText } from "./decode-text.ts";
import { htmlToMarkdown } from "./html-to-markdown.ts";
import description from "./web-fetch.md" with { type: "text" };

interface Needs {
  readonly egress: Egress;
  readonly media: Pick<Media, "put">;
  readonly documents: Documents;
  readonly config: () => {
    readonly tools: { readonly web_fetch: { readonly max_bytes: number; readonly timeout_ms: number } };
  };
}

interface Body {
  readonly bytes: Uint8Array;
  /** Whether there was more. */
  readonly cut: boolean;
}

const HEADERS = {
  "user-agent": "Mozilla/5.0 (compatible; Aleph)",
  accept: "text/html,application/xhtml+xml,text/markdown,text/plain,application/json;q=0.9,*/*;q=0.5",
  "accept-language": "en,*;q=0.5",
};

export const webFetch = defineTool({
  name: "web_fetch",
  description,
  params: z.strictObject({ url: z.string().min(1).max(8192).describe("an http or https URL") }),
  parallel: true,
  prepare({ egress, media, documents, config }: Needs, { url }, context) {
    return {
      tier: "allow",
      reason: "Reads from the web",
      plan: { url },
      outward: true,
      // Where it leads to is the server's word.
      untrusted: true,
      async run() {
        const { max_bytes, timeout_ms } = config().tools.web_fetch;
        const late = AbortSignal.timeout(timeout_ms);
        try {
          const answer = await egress.get(url, HEADERS, AbortSignal.any([context.signal, late]));
          const body = await readBody(answer.response, max_bytes);
          return { ...(await describe({ media, documents }, answer, body, context)), untrusted: true };
        } catch (cause) {
          if (context.signal.aborted || !late.aborted) throw cause;
          throw new AlephError("timeout", `"${url}" took longer than ${timeout_ms} ms`, { cause });
        }
      },
    };
  },
});

async function readBody({ body }: Response, maxBytes: number): Promise<Body> {
  if (!body) return { bytes: new Uint8Array(), cut: false };
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest of the request. The limit is on what was unpacked.
  for await (const part of body) {
    parts.push(part);
    size += part.byteLength;
    if (size > maxBytes) break;
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)).subarray(0, maxBytes), cut: size > maxBytes };
}

async function describe(
  { media, documents }: Pick<Needs, "media" | "documents">,
  { url, response }: EgressAnswer,
  { bytes, cut }: Body,
  { sessionKey, signal }: ToolContext,
): Promise<ToolResult> {
  const { status, statusText, ok } = response;
  const contentType = response.headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  const heading = [`URL: ${url}`, ...(ok ? [] : [`Status: ${status} ${statusText}`.trim()])];
  const mime = imageType(bytes);
  if (mime && !cut && ok) {
    await assertPixels(bytes);
    const part = await media.put(bytes, { mime, sessionKey });
    return { ok, text: [...heading, `Image (${mime}, ${part.size} bytes)`].join("\n"), media: [part] };
  }
  if (ok && !cut && looksLikeDocument(bytes)) {
    const document = await documents.read(bytes, url, signal);
    return { ok, text: render([...heading, `Document: ${document.kind}`], documentText(document), document.cut) };
  }
  if (mime || !isText(type, bytes)) {
    const size = `${bytes.byteLength} bytes${cut ? " and more" : ""}`;
    return { ok: false, text: [...heading, `Not text: ${type || "no content type"}, ${size}`].join("\n") };
  }
  const source = decodeText(bytes, contentType);
  if (type !== "text/html" && type !== "application/xhtml+xml") return { ok, text: render(heading, source, cut) };
  const { title, markdown } = await htmlToMarkdown(source, url);
  return { ok, text: render(title === "" ? heading : [...heading, `Title: ${title}`], markdown, cut) };
}

function render(heading: readonly string[], content: string, cut: boolean): string {
  const note = cut ? ["", "[the rest was left out]"] : [];
  return [...heading, "", content === "" ? "[no text]" : content, ...note].join("\n");
}

function isText(type: string, bytes: Uint8Array): boolean {
  if (bytes.subarray(0, 8192).includes(0)) return false;
  if (type === "" || type.startsWith("text/")) return true;
  // Many servers say this of whatever they do not know.
  if (type === "application/octet-stream") return isUtf8(bytes);
  return /^application\/(?:json|xml|javascript|ecmascript|x-ndjson|yaml|x-yaml|toml|sql|graphql)$|\+(?:json|xml|yaml)$/.test(
    type,
  );
}

/** Whether it is UTF-8, as far as it goes: it may have been cut in a character. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch (thrown) {
    if (thrown instanceof TypeError) return false;
    throw thrown;
  }
}
