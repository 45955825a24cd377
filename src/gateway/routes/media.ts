/** Stored files for browsers and programs. */
import type { Auth } from "../../auth/auth.ts";
import { fileEndingOf } from "../../lib/file-ending.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";

export interface MediaRouteNeeds {
  readonly auth: Pick<Auth, "authenticateHeader">;
  readonly media: {
    get(mediaId: string): Promise<{ readonly bytes: Uint8Array; readonly mime: string }>;
  };
  readonly mediaLinks: { check(mediaId: string, exp: string, sig: string): void };
}

/** What a browser only shows; anything else could run in it as a page of this server, so it is saved instead. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|avif)|(?:audio|video)\/[a-z0-9.+-]+)$/;

/**
 * A stored file, for whoever has a signed link that has not expired, or a token that may read. The panel's cookie alone is
 * not enough: cookies know no ports, so another server on this machine may have seen it.
 */
export const mediaRoute = defineRoute<MediaRouteNeeds>({
  auth: "public",
  async handle({ auth, media, mediaLinks }, { request, address }) {
    const { pathname, searchParams } = new URL(request.url);
    const id = pathname.slice("/media/".length);
    const sig = searchParams.get("sig");
    if (sig === null) {
      const { grant } = auth.authenticateHeader(request.headers.get("authorization"), { address });
      if (!grant.scopes.includes("read")) throw new AlephError("forbidden", 'This needs the scope "read"');
    } else mediaLinks.check(id, searchParams.get("exp") ?? "", sig);
    const { bytes: stored, mime } = await media.get(id);
    const bytes = stored as Uint8Array<ArrayBuffer>;
    const etag = `"${id}"`;
    const headers = new Headers({
      "content-type": mime,
      // The name is the digest of the content: it never changes.
      "cache-control": "private, max-age=3600, immutable",
      etag,
      "accept-ranges": "bytes",
      "content-security-policy": "default-src 'none'; sandbox",
      "content-disposition": `${SHOWN.test(mime) ? "inline" : "attachment"}; filename="${fileName(id, mime)}"`,
    });
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
    const range =
      request.headers.get("if-range") === null ? rangeOf(request.headers.get("range"), bytes.length) : undefined;
    if (range === undefined) return new Response(bytes, { headers });
    if (range === "unsatisfiable") {
      return new Response(null, { status: 416, headers: { "content-range": `bytes */${bytes.length}` } });
    }
    headers.set("content-range", `bytes ${range.first}-${range.last}/${bytes.length}`);
    return new Response(bytes.subarray(range.first, range.last + 1), { status: 206, headers });
  },
});

/** Letters and digits alone, so nothing of it can end the header's value. */
function fileName(id: string, mime: string): string {
  return `${id.slice(0, "media_".length + 12)}.${fileEndingOf(mime)}`;
}

type Range = { readonly first: number; readonly last: number };

/** One range (RFC 9110 §14.1.2); several, or what is no range of bytes, may be answered with the whole. */
function rangeOf(header: string | null, size: number): Range | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}
