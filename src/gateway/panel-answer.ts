/** One file of the panel as an HTTP answer: kept by the browser for ever where its name says what is in it. */
import { AlephError } from "../protocol/errors.ts";

export interface ServedFile {
  readonly bytes: ArrayBuffer;
  readonly type: string;
  /** Quoted, as HTTP wants it. */
  readonly etag: string;
}

export interface PanelFile extends ServedFile {
  /** The name holds a hash of the content: it never changes. */
  readonly immutable: boolean;
}

export interface PanelNeeds {
  /** By path: `/`, `/login` and `/<name>-<hash>.<ending>`. Made at the first call. */
  readonly panel: () => Promise<ReadonlyMap<string, PanelFile>>;
}

/** Below this the head of a compressed answer costs more than it saves. */
const WORTH_COMPRESSING = 1024;

/** Throws `not_found`. */
export async function panelAnswer({ panel }: PanelNeeds, request: Request): Promise<Response> {
  const file = (await panel()).get(new URL(request.url).pathname);
  if (!file) throw new AlephError("not_found", "Nothing is served at this path");
  return fileAnswer(file, request, file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
}

/** Whole, compressed, or that the browser has it already. */
export function fileAnswer({ bytes, type, etag }: ServedFile, request: Request, cacheControl: string): Response {
  const headers = new Headers({ "content-type": type, "cache-control": cacheControl, etag, vary: "accept-encoding" });
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  if (known.some((other) => other.trim().replace(/^W\//, "") === etag))
    return new Response(null, { status: 304, headers });
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(request.headers.get("accept-encoding") ?? "");
  if (!takesGzip || bytes.byteLength < WORTH_COMPRESSING) return new Response(bytes, { headers });
  headers.set("content-encoding", "gzip");
  return new Response(Bun.gzipSync(bytes), { headers });
}
